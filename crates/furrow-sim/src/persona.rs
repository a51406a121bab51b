//! Named visitors for a demonstration, with what must be found in each.

use crate::device::Hand;
use crate::draw::Draw;
use crate::site::SiteModel;
use crate::stage::{Outcome, Stage};
use crate::visitor::Script;
use furrow_core::interaction::{ReferrerClass, SessionEndCause};
use furrow_core::signals::SignalKind;

/// Somebody with a story. They visit [`SiteModel::shop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Persona {
    /// Looks, chooses, pays; nothing is in the way.
    CalmBuyer,
    /// Has a voucher, and the button for it is dead.
    VoucherRager,
    /// Asks for the delivery date again and again, and pays in the end.
    SlowCheckout,
    /// Turns the phone to and fro because the pictures do not fit.
    PhoneTurner,
    /// Buys six pots: presses fast, and every press is answered.
    StepperUser,
    /// Wants to pay, and the payment fails.
    FailingPayment,
}

/// A signal and the selector of its target, if it has one.
pub type Planted = (SignalKind, Option<&'static str>);

impl Persona {
    /// All of them.
    pub const ALL: [Persona; 6] = [
        Persona::CalmBuyer,
        Persona::VoucherRager,
        Persona::SlowCheckout,
        Persona::PhoneTurner,
        Persona::StepperUser,
        Persona::FailingPayment,
    ];

    /// The name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Persona::CalmBuyer => "calm buyer",
            Persona::VoucherRager => "voucher rager",
            Persona::SlowCheckout => "slow checkout",
            Persona::PhoneTurner => "phone turner",
            Persona::StepperUser => "stepper user",
            Persona::FailingPayment => "failing payment",
        }
    }

    /// The kinds of signal of trouble that a session of theirs holds, each at
    /// least once, and no other.
    #[must_use]
    pub fn planted(self) -> &'static [Planted] {
        use SignalKind as S;
        match self {
            Persona::CalmBuyer => &[],
            Persona::VoucherRager => &[(S::RagePress, Some("button#dead"))],
            Persona::SlowCheckout => &[
                (S::SlowPress, Some("button#slow")),
                (S::RetryPress, Some("button#slow")),
                (S::SlowPress, Some("button#buy")),
            ],
            Persona::PhoneTurner => &[(S::RepeatedRotation, None)],
            Persona::StepperUser => &[
                (S::ResponsiveMultiPress, Some("button#stepper-plus")),
                (S::ResponsiveMultiPress, Some("button#carousel-next")),
            ],
            Persona::FailingPayment => &[(S::ErrorPress, Some("button#buy")), (S::ErrorLoop, None)],
        }
    }

    /// Their session, the one with this number, which begins at `start_ms`
    /// since 1970 on their clock.
    ///
    /// # Panics
    /// When the site has not the pages and elements of [`SiteModel::shop`].
    #[must_use]
    pub fn script(self, seed: u64, index: u64, site: &SiteModel, start_ms: i64) -> Script {
        let mut draw = Draw::new(seed, index << 3 | self as u64);
        let (hand, from) = match self {
            Persona::CalmBuyer => (Hand::any(&mut draw), ReferrerClass::Search),
            Persona::PhoneTurner => (Hand::phone(&mut draw), ReferrerClass::Social),
            Persona::VoucherRager => (Hand::desktop(&mut draw), ReferrerClass::Mail),
            Persona::SlowCheckout | Persona::StepperUser => {
                (Hand::desktop(&mut draw), ReferrerClass::Direct)
            }
            Persona::FailingPayment => (Hand::any(&mut draw), ReferrerClass::Advertisement),
        };
        let mut stage = Stage::arrive(site, draw, hand, from, start_ms);
        stage.read(1_500..=3_500);
        self.live(&mut stage);
        let end = match self {
            Persona::CalmBuyer | Persona::StepperUser => Some(SessionEndCause::Logout),
            Persona::VoucherRager
            | Persona::SlowCheckout
            | Persona::PhoneTurner
            | Persona::FailingPayment => None,
        };
        stage.finish(end)
    }

    fn live(self, stage: &mut Stage<'_>) {
        use Outcome::{Answered, Dead, Failed, Slow};
        match self {
            Persona::CalmBuyer => {
                stage.scroll_to(980);
                stage.read(1_500..=3_000);
                stage.press_as("a#good-can", Answered);
                stage.read(3_000..=6_000);
                stage.press_as("button#add", Answered);
                check_out(stage);
                stage.press_as("button#buy", Answered);
                stage.read(2_000..=4_000);
            }
            Persona::VoucherRager => {
                stage.press_as("a#hero-product", Answered);
                stage.read(2_000..=4_000);
                stage.press_as("button#add", Answered);
                stage.read(1_500..=2_500);
                let times = stage.draw.within(5..=8);
                stage.burst("button#dead", Dead, times, 140..=260);
                stage.read(3_000..=5_000);
            }
            Persona::SlowCheckout => {
                stage.press_as("a#good-pot", Answered);
                stage.read(1_500..=3_000);
                for _ in 0..3 {
                    stage.press_as("button#slow", Slow);
                    stage.pause(3_000..=4_000);
                }
                stage.press_as("button#add", Answered);
                check_out(stage);
                stage.press_as("button#buy", Slow);
                stage.read(1_500..=3_000);
            }
            Persona::PhoneTurner => {
                stage.press_as("a#good-fork", Answered);
                stage.read(1_500..=3_000);
                for _ in 0..4 {
                    stage.turn();
                    stage.pause(1_100..=1_900);
                }
                stage.scroll_to(1_400);
                stage.read(1_500..=3_000);
            }
            Persona::StepperUser => {
                stage.press_as("a#good-pot", Answered);
                stage.read(2_000..=3_500);
                stage.burst("button#carousel-next", Answered, 5, 450..=600);
                stage.read(1_500..=3_000);
                stage.burst("button#stepper-plus", Answered, 6, 220..=320);
                stage.read(1_500..=2_500);
                stage.press_as("button#add", Answered);
                stage.read(1_500..=2_500);
            }
            Persona::FailingPayment => {
                stage.press_as("a#hero-product", Answered);
                stage.read(2_000..=3_500);
                stage.press_as("button#add", Answered);
                check_out(stage);
                for _ in 0..3 {
                    stage.press_as("button#buy", Failed);
                    stage.read(3_000..=4_500);
                }
            }
        }
    }
}

/// From a product's page to the filled-in form.
fn check_out(stage: &mut Stage<'_>) {
    use Outcome::Answered;
    stage.read(1_500..=3_000);
    stage.press_as("a#nav-cart", Answered);
    stage.read(1_500..=3_000);
    stage.press_as("a#to-checkout", Answered);
    stage.read(800..=1_500);
    for field in [
        "input#full-name",
        "input#email",
        "input#street",
        "input#card",
    ] {
        stage.press_as(field, Answered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_core::ids::{Epoch, Property, Tenant};
    use furrow_core::ledger::Outcome as Folded;
    use furrow_core::output::{ScoreUpdate, SessionStatus};
    use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record, TenantBatch};
    use furrow_core::rules::{RuleSet, ScoreKind};
    use furrow_core::session::{ClientFacts, Received};
    use furrow_core::time::LogTime;
    use furrow_proto::{Limits, decode_batch, encode_batch};
    use std::collections::BTreeSet;

    const NOON: i64 = 1_763_500_000_000;

    /// The session's scores after the last of its batches.
    fn scored(script: &Script) -> ScoreUpdate {
        let mut state = PartitionState::new(Epoch(0), 0, 0, ALLOWED_LATENESS_MS);
        for sent in &script.sent {
            let encoded = encode_batch(&sent.batch);
            assert_eq!(
                decode_batch(&encoded, &Limits::default()),
                Ok(sent.batch.clone())
            );
            let received_ms = NOON + i64::from(sent.after_ms) + 30;
            let record = Record::Batch(Box::new(TenantBatch {
                tenant: Tenant("demo".into()),
                property: Property("shop".into()),
                received: Received {
                    received_ms,
                    client: ClientFacts::default(),
                    batch: sent.batch.clone(),
                },
            }));
            let folded = state.fold(state.next_offset(), LogTime(received_ms + 5), record);
            assert_eq!(folded.outcome, Folded::Scored);
        }
        let mut updates = state.finish();
        assert_eq!(updates.len(), 1);
        updates.remove(0)
    }

    /// What was in their way, as far as it was found. That they read, hesitate
    /// or turn to go is not planted and may come.
    fn found(update: &ScoreUpdate) -> BTreeSet<(String, String)> {
        let weights = RuleSet::default().scores.weights;
        let trouble = SignalKind::ALL.iter().filter(|kind| {
            let toward = |score| weights.get(**kind, score) > 0.0;
            let scored = toward(ScoreKind::Frustration) || toward(ScoreKind::Technical);
            scored || **kind == SignalKind::ResponsiveMultiPress
        });
        let trouble: BTreeSet<&str> = trouble.map(|kind| kind.name()).collect();
        let signals = update.signals.iter();
        signals
            .filter(|s| trouble.contains(&*s.signal))
            .map(|s| (s.signal.to_string(), s.selector.to_string()))
            .collect()
    }

    fn session(persona: Persona, index: u64) -> ScoreUpdate {
        scored(&persona.script(11, index, &SiteModel::shop(), NOON))
    }

    #[test]
    fn every_persona_shows_what_was_planted_and_nothing_else() {
        for persona in Persona::ALL {
            for index in 0..40 {
                let expected = persona.planted().iter().map(|(signal, selector)| {
                    (
                        signal.name().to_owned(),
                        selector.unwrap_or_default().to_owned(),
                    )
                });
                let expected: BTreeSet<_> = expected.collect();
                let update = session(persona, index);
                assert_eq!(found(&update), expected, "{persona:?} {index}");
                assert!(update.session.scored, "{persona:?} {index}");
            }
        }
    }

    #[test]
    fn only_those_who_were_obstructed_are_frustrated() {
        for index in 0..10 {
            let frustration = |persona| session(persona, index).session.scores.frustration;
            assert_eq!(frustration(Persona::CalmBuyer), 0);
            assert_eq!(frustration(Persona::StepperUser), 0);
            assert!(frustration(Persona::VoucherRager) > 4_000);
            assert!(frustration(Persona::FailingPayment) > 4_000);
            assert!(frustration(Persona::SlowCheckout) > 1_000);
            assert!(frustration(Persona::PhoneTurner) > 1_000);
        }
    }

    #[test]
    fn those_who_buy_convert_with_what_they_paid() {
        for persona in Persona::ALL {
            let script = persona.script(11, 0, &SiteModel::shop(), NOON);
            let buys = matches!(persona, Persona::CalmBuyer | Persona::SlowCheckout);
            let update = scored(&script);
            let paid: i64 = update.conversions.iter().map(|c| c.value_minor).sum();
            assert_eq!(paid, script.revenue_minor, "{persona:?}");
            assert_eq!(paid > 0, buys, "{persona:?}");
            assert_eq!(update.conversions.len(), usize::from(buys), "{persona:?}");
        }
    }

    #[test]
    fn a_session_that_logs_out_is_ended_at_once() {
        let update = session(Persona::CalmBuyer, 3);
        assert_eq!(update.session.status, SessionStatus::Ended);
        assert_eq!(update.session.gaps, 0);
        assert_eq!(update.session.entry_path.as_ref(), "/");
        assert_eq!(update.session.exit_path.as_ref(), "/checkout/done");
        assert!(update.session.engaged_ms > 5_000);
    }
}
