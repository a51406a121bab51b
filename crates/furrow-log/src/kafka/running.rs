//! The threads that consume, and how a log that is closed waits for them.

use std::io;
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

/// How many threads run, and whether they are to end.
pub(super) struct Running {
    closed: watch::Sender<bool>,
    threads: watch::Sender<usize>,
}

/// A thread that runs; it has ended when this is dropped, by a panic as well.
struct Runs(watch::Sender<usize>);

impl Running {
    pub(super) fn new() -> Self {
        Self {
            closed: watch::Sender::new(false),
            threads: watch::Sender::new(0),
        }
    }

    /// Whether the log is closed, for whoever has to look or to wait.
    pub(super) fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    pub(super) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Starts a thread that ends by itself once the log is closed.
    pub(super) fn spawn(
        &self,
        name: String,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        self.threads.send_modify(|count| *count += 1);
        let runs = Runs(self.threads.clone());
        let work = move || {
            let _runs = runs;
            run();
        };
        thread::Builder::new().name(name).spawn(work).map(drop)
    }

    /// Says that the log is closed; `false` when it was before.
    pub(super) fn close(&self) -> bool {
        !self.closed.send_replace(true)
    }

    /// Waits until no thread runs, for so long.
    pub(super) async fn ended(&self, patience: Duration) -> bool {
        let mut threads = self.threads.subscribe();
        let none = threads.wait_for(|count| *count == 0);
        tokio::time::timeout(patience, none).await.is_ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.closed.send_replace(true);
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
