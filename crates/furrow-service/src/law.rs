//! What must add up: whatever came in has exactly one outcome, or none yet.

/// What a role counted of one kind of thing, read at about one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose, for people. Closed.
    pub name: &'static str,
    /// Which part of theirs, such as a partition; empty for all.
    pub place: String,
    /// What came in, under the name that it has there.
    pub whole: Part,
    /// What came of it, by outcome. Closed.
    pub settled: Vec<Part>,
    /// What has no outcome yet.
    pub open: Option<Part>,
}

/// One count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name, for people.
    pub name: &'static str,
    /// How many.
    pub count: u64,
}

/// Whether an account adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not, by so much at least; below 0 when there are more outcomes
    /// than what came in.
    Broken {
        /// What came in without its outcomes.
        missing: i128,
    },
}

impl Account {
    fn settled(&self) -> i128 {
        self.settled.iter().map(|part| i128::from(part.count)).sum()
    }

    fn open(&self) -> i128 {
        self.open.as_ref().map_or(0, |part| part.count.into())
    }

    fn whole(&self) -> i128 {
        self.whole.count.into()
    }

    fn is_of(&self, other: &Account) -> bool {
        self.name == other.name && self.place == other.place
    }

    /// Adds another part of the same whole.
    fn add(&mut self, other: &Account) {
        self.whole.count += other.whole.count;
        let parts = self.settled.iter_mut().chain(&mut self.open);
        for (part, more) in parts.zip(other.settled.iter().chain(&other.open)) {
            part.count += more.count;
        }
    }
}

/// Judges the second of three readings that follow each other. Its counts were
/// not read at one moment, so what is open then must lie between what the
/// readings around it allow; where nothing moves, that is one number. `None` when they are
/// readings of different accounts.
#[must_use]
pub fn verdict(readings: [&Account; 3]) -> Option<Verdict> {
    let [before, now, after] = readings;
    if !(before.is_of(now) && now.is_of(after)) {
        return None;
    }
    let least = before.whole() - after.settled();
    let most = after.whole() - before.settled();
    let missing = if now.open() < least {
        least - now.open()
    } else if now.open() > most {
        most - now.open()
    } else {
        return Some(Verdict::Holds);
    };
    Some(Verdict::Broken { missing })
}

/// Reads accounts three times and judges those that were there each time.
pub fn check(read: impl Fn() -> Vec<Account>) -> Vec<(Account, Verdict)> {
    let [before, now, after] = [read(), read(), read()];
    now.into_iter()
        .filter_map(|now| {
            let before = before.iter().find(|account| account.is_of(&now))?;
            let after = after.iter().find(|account| account.is_of(&now))?;
            let verdict = verdict([before, &now, after])?;
            Some((now, verdict))
        })
        .collect()
}

/// One account of each name, with all its places added up. It holds when it
/// holds in every place.
#[must_use]
pub fn summary(checked: Vec<(Account, Verdict)>) -> Vec<(Account, Verdict)> {
    let mut summed: Vec<(Account, Verdict)> = Vec::new();
    for (account, verdict) in checked {
        let known = summed
            .iter_mut()
            .find(|(known, _)| known.name == account.name);
        match known {
            Some((sum, all)) => {
                sum.add(&account);
                if *all == Verdict::Holds {
                    *all = verdict;
                }
            }
            None => {
                let place = String::new();
                summed.push((Account { place, ..account }, verdict));
            }
        }
    }
    summed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &'static str, count: u64) -> Part {
        Part { name, count }
    }

    fn account(received: u64, accepted: u64, rejected: u64, in_flight: u64) -> Account {
        Account {
            name: "gateway",
            place: String::new(),
            whole: part("received", received),
            settled: vec![part("accepted", accepted), part("rejected", rejected)],
            open: Some(part("in flight", in_flight)),
        }
    }

    fn judged(readings: &[Account; 3]) -> Verdict {
        let [before, now, after] = readings;
        verdict([before, now, after]).unwrap()
    }

    fn at_rest(received: u64, accepted: u64, rejected: u64, in_flight: u64) -> Verdict {
        judged(&[(); 3].map(|()| account(received, accepted, rejected, in_flight)))
    }

    #[test]
    fn what_came_in_is_what_came_of_it_and_what_is_open() {
        assert_eq!(at_rest(10, 6, 3, 1), Verdict::Holds);
        assert_eq!(at_rest(0, 0, 0, 0), Verdict::Holds);
    }

    #[test]
    fn a_single_thing_without_an_outcome_breaks_the_law() {
        assert_eq!(at_rest(10, 6, 3, 0), Verdict::Broken { missing: 1 });
    }

    #[test]
    fn an_outcome_too_many_breaks_the_law() {
        assert_eq!(at_rest(10, 8, 3, 0), Verdict::Broken { missing: -1 });
    }

    #[test]
    fn counts_that_move_while_they_are_read_break_no_law() {
        // Read one after the other: 10 received, then 2 more come and 3 end.
        let now = account(10, 9, 3, 3);
        let readings = [account(8, 6, 1, 1), now, account(15, 11, 3, 1)];
        assert_eq!(judged(&readings), Verdict::Holds);
    }

    #[test]
    fn what_is_missing_shows_through_what_moves() {
        let readings = [
            account(100, 60, 30, 0),
            account(101, 61, 30, 0),
            account(102, 62, 30, 0),
        ];
        assert_eq!(judged(&readings), Verdict::Broken { missing: 8 });
    }

    #[test]
    fn one_place_that_breaks_the_law_breaks_it_for_all() {
        let placed = |place: &str, received, accepted| Account {
            place: place.to_owned(),
            ..account(received, accepted, 0, 0)
        };
        let places = || vec![placed("0", 5, 5), placed("1", 4, 3), placed("2", 7, 8)];
        let checked = check(places);
        let verdicts: Vec<_> = checked.iter().map(|(_, verdict)| *verdict).collect();
        let broken = |missing| Verdict::Broken { missing };
        assert_eq!(verdicts, [Verdict::Holds, broken(1), broken(-1)]);
        // In all there are as many outcomes as things that came in.
        assert_eq!(summary(checked), [(account(16, 16, 0, 0), broken(1))]);
    }

    #[test]
    fn an_account_that_appears_between_readings_is_not_judged() {
        let readings = std::cell::Cell::new(0);
        let read = || {
            readings.set(readings.get() + 1);
            match readings.get() {
                1 => Vec::new(),
                _ => vec![account(1, 0, 0, 0)],
            }
        };
        assert_eq!(check(read), []);
        let found = check(|| vec![account(1, 1, 0, 0)]);
        assert_eq!(found, [(account(1, 1, 0, 0), Verdict::Holds)]);
    }
}
