//! Every task starts here, under a name. One that ends before it was asked to
//! is a failure and starts the shutdown; so does a signal. A second signal
//! ends at once.

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long tasks may take to drain unless told otherwise.
pub const DRAIN_MAX: Duration = Duration::from_secs(30);

type TaskError = Box<dyn Error + Send + Sync>;

/// Why the process does not end well.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    /// A task returned although nobody had asked it to.
    #[error("task {task} ended early")]
    EndedEarly {
        /// Its name.
        task: &'static str,
    },
    /// A task failed.
    #[error("task {task} failed: {source}")]
    Failed {
        /// Its name.
        task: &'static str,
        /// What it said.
        source: TaskError,
    },
    /// A task panicked: a bug.
    #[error("task {task} panicked: {message}")]
    Panicked {
        /// Its name.
        task: &'static str,
        /// What it said.
        message: String,
    },
    /// Tasks did not drain in time.
    #[error("not drained after {} s: {}", after.as_secs_f32(), tasks.join(", "))]
    NotDrained {
        /// Their names.
        tasks: Vec<&'static str>,
        /// How long they had.
        after: Duration,
    },
    /// A second signal came while draining.
    #[error("ended at once by a second {signal:?}, before {} drained", tasks.join(", "))]
    Interrupted {
        /// The second one.
        signal: Signal,
        /// Who had not drained.
        tasks: Vec<&'static str>,
    },
}

impl SuperviseError {
    /// What the process should exit with: 128 + the signal's number after a
    /// second signal, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            SuperviseError::Interrupted {
                signal: Signal::Interrupt,
                ..
            } => 130,
            SuperviseError::Interrupted {
                signal: Signal::Terminate,
                ..
            } => 143,
            SuperviseError::EndedEarly { .. }
            | SuperviseError::Failed { .. }
            | SuperviseError::Panicked { .. }
            | SuperviseError::NotDrained { .. } => 1,
        }
    }
}

/// What asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Where signals come from.
#[derive(Debug)]
pub struct Signals(Source);

#[derive(Debug)]
enum Source {
    System {
        interrupt: tokio::signal::unix::Signal,
        terminate: tokio::signal::unix::Signal,
    },
    Channel(mpsc::Receiver<Signal>),
}

impl Signals {
    /// SIGINT and SIGTERM of this process.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn of_the_process() -> std::io::Result<Signals> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Signals(Source::System {
            interrupt,
            terminate,
        }))
    }

    /// Signals sent by hand, for a process that runs inside another.
    #[must_use]
    pub fn by_hand() -> (mpsc::Sender<Signal>, Signals) {
        /// The second signal is the last that anybody waits for.
        const SIGNALS_MAX: usize = 2;
        let (sender, receiver) = mpsc::channel(SIGNALS_MAX);
        (sender, Signals(Source::Channel(receiver)))
    }

    /// The next one. Cancel-safe.
    pub async fn next(&mut self) -> Signal {
        match &mut self.0 {
            Source::System {
                interrupt,
                terminate,
            } => tokio::select! {
                Some(()) = interrupt.recv() => Signal::Interrupt,
                Some(()) = terminate.recv() => Signal::Terminate,
            },
            Source::Channel(receiver) => match receiver.recv().await {
                Some(signal) => signal,
                None => std::future::pending().await,
            },
        }
    }
}

/// Owns the process's tasks.
#[derive(Debug)]
pub struct Supervisor {
    token: CancellationToken,
    tasks: JoinSet<Result<(), TaskError>>,
    names: HashMap<Id, &'static str>,
    drain_max: Duration,
}

impl Default for Supervisor {
    fn default() -> Supervisor {
        Supervisor::new()
    }
}

impl Supervisor {
    /// No tasks yet; draining is bounded by [`DRAIN_MAX`].
    #[must_use]
    pub fn new() -> Supervisor {
        Supervisor::with_drain_max(DRAIN_MAX)
    }

    /// No tasks yet; draining is bounded by `drain_max`.
    #[must_use]
    pub fn with_drain_max(drain_max: Duration) -> Supervisor {
        Supervisor {
            token: CancellationToken::new(),
            tasks: JoinSet::new(),
            names: HashMap::new(),
            drain_max,
        }
    }

    /// Fires when tasks should drain.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Starts a task that runs until the token fires and then drains.
    pub fn spawn<E>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) where
        E: Into<TaskError> + 'static,
    {
        let handle = self
            .tasks
            .spawn(async move { task.await.map_err(Into::into) });
        self.names.insert(handle.id(), name);
    }

    /// Runs until a signal comes, the token fires or a task ends early; then
    /// drains. Tasks that have not drained in time are aborted.
    ///
    /// # Errors
    /// The first failure of a task, else that draining was cut short.
    pub async fn run_until(mut self, mut signals: Signals) -> Result<(), SuperviseError> {
        let token = self.token.clone();
        // Biased: a task's failure says more than the signal or the token that
        // came with it.
        let first = tokio::select! {
            biased;
            Some(ended) = self.tasks.join_next_with_id() => self.judge(ended, Phase::Running),
            () = token.cancelled() => None,
            signal = signals.next() => {
                tracing::info!(?signal, "draining");
                None
            }
        };
        if let Some(failure) = &first {
            tracing::error!(%failure, "draining after a failure");
        }
        token.cancel();
        let drained = self.drain(&mut signals).await;
        self.tasks.abort_all();
        match (first, drained) {
            (_, Err(interrupted @ SuperviseError::Interrupted { .. })) => Err(interrupted),
            (Some(failure), Err(later)) => {
                tracing::error!(%later, "another failure while draining");
                Err(failure)
            }
            (Some(failure), Ok(())) => Err(failure),
            (None, drained) => drained,
        }
    }

    async fn drain(&mut self, signals: &mut Signals) -> Result<(), SuperviseError> {
        let bound = tokio::time::sleep(self.drain_max);
        tokio::pin!(bound);
        let mut result = Ok(());
        while !self.tasks.is_empty() {
            // Biased: who is done is done, even at the bound.
            tokio::select! {
                biased;
                Some(ended) = self.tasks.join_next_with_id() => {
                    match (self.judge(ended, Phase::Draining), &result) {
                        (Some(failure), Ok(())) => result = Err(failure),
                        (Some(later), Err(_)) => tracing::error!(%later, "another failure"),
                        (None, _) => {}
                    }
                }
                signal = signals.next() => {
                    return Err(SuperviseError::Interrupted { signal, tasks: self.running() });
                }
                () = &mut bound => {
                    let late = SuperviseError::NotDrained {
                        tasks: self.running(),
                        after: self.drain_max,
                    };
                    return result.and(Err(late));
                }
            }
        }
        result
    }

    fn judge(
        &mut self,
        ended: Result<(Id, Result<(), TaskError>), JoinError>,
        phase: Phase,
    ) -> Option<SuperviseError> {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let task = self
            .names
            .remove(&id)
            .expect("every task is spawned under a name");
        match ended {
            Ok((_, Err(source))) => Some(SuperviseError::Failed { task, source }),
            Err(error) => Some(SuperviseError::Panicked {
                task,
                message: panic_text(error),
            }),
            Ok((_, Ok(()))) => match phase {
                // Whoever fired the token may be seen after the task it ended.
                Phase::Running if !self.token.is_cancelled() => {
                    Some(SuperviseError::EndedEarly { task })
                }
                Phase::Running | Phase::Draining => {
                    tracing::debug!(task, "drained");
                    None
                }
            },
        }
    }

    fn running(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.names.values().copied().collect();
        names.sort_unstable();
        names
    }
}

#[derive(Clone, Copy)]
enum Phase {
    Running,
    Draining,
}

fn panic_text(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => payload
                .downcast::<&'static str>()
                .map_or_else(|_| "(no message)".to_owned(), |text| (*text).to_owned()),
        },
        Err(aborted) => aborted.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use tokio::sync::oneshot;

    type Never = Result<(), Infallible>;

    fn drains_well(supervisor: &mut Supervisor, name: &'static str) -> oneshot::Receiver<()> {
        let (drained, seen) = oneshot::channel();
        let token = supervisor.token();
        supervisor.spawn(name, async move {
            token.cancelled().await;
            drained.send(()).expect("the test waits");
            Never::Ok(())
        });
        seen
    }

    #[tokio::test]
    async fn a_signal_drains_every_task() {
        for signal in [Signal::Interrupt, Signal::Terminate] {
            let mut supervisor = Supervisor::new();
            let first = drains_well(&mut supervisor, "first");
            let second = drains_well(&mut supervisor, "second");
            let (sender, signals) = Signals::by_hand();
            sender.send(signal).await.expect("has room");
            supervisor.run_until(signals).await.expect("ends well");
            first.await.expect("the first drained");
            second.await.expect("the second drained");
        }
    }

    #[tokio::test]
    async fn signals_of_the_process_are_heard() {
        let mut signals = Signals::of_the_process().expect("handlers are set");
        let me = std::process::id().to_string();
        for (name, expected) in [("-TERM", Signal::Terminate), ("-INT", Signal::Interrupt)] {
            let sent = std::process::Command::new("kill")
                .args([name, &me])
                .status();
            assert!(sent.expect("kill runs").success());
            assert_eq!(signals.next().await, expected);
        }
    }

    #[tokio::test]
    async fn firing_the_token_drains_too() {
        let mut supervisor = Supervisor::new();
        let drained = drains_well(&mut supervisor, "task");
        supervisor.token().cancel();
        let (_sender, signals) = Signals::by_hand();
        supervisor.run_until(signals).await.expect("ends well");
        drained.await.expect("the task drained");
    }

    #[tokio::test]
    async fn a_task_that_ends_early_is_a_failure_and_drains_the_others() {
        let mut supervisor = Supervisor::new();
        let other = drains_well(&mut supervisor, "other");
        supervisor.spawn("brief", async { Never::Ok(()) });
        let (_sender, signals) = Signals::by_hand();
        let error = supervisor.run_until(signals).await.expect_err("fails");
        assert!(
            matches!(error, SuperviseError::EndedEarly { task: "brief" }),
            "{error}"
        );
        assert_eq!(error.exit_code(), 1);
        other.await.expect("the other drained");
    }

    #[tokio::test]
    async fn a_task_that_panics_is_a_failure_with_its_message() {
        let mut supervisor = Supervisor::new();
        let other = drains_well(&mut supervisor, "other");
        supervisor.spawn("shaky", async { panic!("no such {}", "thing") as Never });
        let (_sender, signals) = Signals::by_hand();
        let error = supervisor.run_until(signals).await.expect_err("fails");
        assert_eq!(error.to_string(), "task shaky panicked: no such thing");
        other.await.expect("the other drained");
    }

    #[tokio::test]
    async fn a_task_that_fails_keeps_its_cause() {
        let mut supervisor = Supervisor::new();
        supervisor.spawn("store", async { Err(std::io::Error::other("disk full")) });
        let (_sender, signals) = Signals::by_hand();
        let error = supervisor.run_until(signals).await.expect_err("fails");
        assert_eq!(error.to_string(), "task store failed: disk full");
        assert!(error.source().is_some());
    }

    #[tokio::test]
    async fn a_failure_while_draining_is_told() {
        let mut supervisor = Supervisor::new();
        let token = supervisor.token();
        supervisor.spawn("late", async move {
            token.cancelled().await;
            Err(std::io::Error::other("cannot flush"))
        });
        let (sender, signals) = Signals::by_hand();
        sender.send(Signal::Terminate).await.expect("has room");
        let error = supervisor.run_until(signals).await.expect_err("fails");
        assert_eq!(error.to_string(), "task late failed: cannot flush");
    }

    #[tokio::test]
    async fn a_second_signal_ends_at_once() {
        for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
            let mut supervisor = Supervisor::new();
            supervisor.spawn("stuck", std::future::pending::<Never>());
            let (sender, signals) = Signals::by_hand();
            sender.send(signal).await.expect("has room");
            sender.send(signal).await.expect("has room");
            let error = supervisor
                .run_until(signals)
                .await
                .expect_err("is interrupted");
            assert_eq!(error.exit_code(), code);
            assert!(error.to_string().contains("stuck"), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_drain_in_time_is_named() {
        let mut supervisor = Supervisor::new();
        supervisor.spawn("stuck", std::future::pending::<Never>());
        let _drained = drains_well(&mut supervisor, "good");
        let (sender, signals) = Signals::by_hand();
        sender.send(Signal::Terminate).await.expect("has room");
        let error = supervisor.run_until(signals).await.expect_err("is late");
        assert_eq!(error.to_string(), "not drained after 30 s: stuck");
    }
}
