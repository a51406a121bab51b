//! Several brokers that form one cluster.

use crate::broker::{Broker, NotUp, PORT_TRIES};
use crate::folder::{identity, seats};
use std::thread;

/// Several brokers. Topics have up to three replicas; of three, two are enough to go on.
#[derive(Debug)]
pub struct Cluster {
    brokers: Vec<Broker>,
}

impl Cluster {
    /// Starts so many brokers, three as a rule, and waits until all listen.
    ///
    /// # Panics
    /// When one does not come up, or the set-up has not fetched it.
    #[must_use]
    pub fn start(count: usize) -> Cluster {
        Cluster::start_with(count, &[])
    }

    /// As [`Cluster::start`], with settings of `server.properties`.
    ///
    /// # Panics
    /// When one does not come up, or the set-up has not fetched it.
    #[must_use]
    pub fn start_with(count: usize, settings: &[(&str, &str)]) -> Cluster {
        let mut tries = 1;
        loop {
            match Cluster::attempt(count, settings) {
                Ok(cluster) => return cluster,
                Err(reason) if reason.for_a_port() && tries < PORT_TRIES => tries += 1,
                Err(reason) => panic!("{reason}"),
            }
        }
    }

    fn attempt(count: usize, settings: &[(&str, &str)]) -> Result<Cluster, NotUp> {
        let seats = seats(count);
        let identity = identity();
        let mut brokers: Vec<Broker> = thread::scope(|scope| {
            let formatting: Vec<_> = seats
                .iter()
                .map(|own| {
                    scope.spawn(|| Broker::new(&identity, *own, &seats, "-Xmx384m", settings))
                })
                .collect();
            formatting
                .into_iter()
                .map(|one| one.join().expect("its panic has been shown"))
                .collect()
        });
        for broker in &mut brokers {
            broker.launch();
        }
        for broker in &mut brokers {
            broker.up()?;
        }
        Ok(Cluster { brokers })
    }

    /// Where clients connect to: all of them, with commas between.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        let all: Vec<_> = self.brokers.iter().map(Broker::bootstrap).collect();
        all.join(",")
    }

    /// All brokers.
    #[must_use]
    pub fn brokers(&self) -> &[Broker] {
        &self.brokers
    }

    /// All brokers, to be killed and started again.
    #[must_use]
    pub fn brokers_mut(&mut self) -> &mut [Broker] {
        &mut self.brokers
    }
}
