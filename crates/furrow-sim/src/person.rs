//! Who somebody is: what stays the same through all their sessions.

use crate::device::Hand;
use crate::draw::Draw;
use crate::motion::Manner;
use furrow_core::ids::VisitorId;

/// One person with one device.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) visitor: VisitorId,
    pub(crate) hand: Hand,
    pub(crate) manner: Manner,
    /// 0 to 1.
    pub(crate) patience: f64,
    /// 0 to 1: how easily they find their way.
    pub(crate) savvy: f64,
    /// 0 to 1: how much they are inclined to buy here.
    pub(crate) leaning: f64,
    /// How often, in a thousand chances, they press what has no answer to
    /// give, without meaning anything by it.
    pub(crate) fidget_milli: u32,
    /// How often, in a thousand presses, one is made twice.
    pub(crate) double_milli: u32,
    /// Follows what is read with the pointer.
    pub(crate) reads_along: bool,
    /// Lets the site read how the phone is held.
    pub(crate) tells_tilt: bool,
    /// How often, in a thousand answers, the browser tells a paint of it.
    pub(crate) paint_milli: u32,
    pub(crate) temper: Temper,
}

/// How likely each way of being frustrated is with somebody.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Temper([u32; Way::ALL.len()]);

/// What somebody does about being frustrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Presses the same again and again, fast.
    Rage,
    /// Tries again, waiting in between.
    Retry,
    Reload,
    Back,
    /// Throws the pointer about.
    Thrash,
    /// Turns the phone to and fro.
    Turn,
    /// Shakes or swings it.
    Shake,
    /// Leaves without a word.
    Leave,
    /// Goes on as if nothing were the matter.
    Carry,
}

impl Way {
    pub(crate) const ALL: [Way; 9] = [
        Way::Rage,
        Way::Retry,
        Way::Reload,
        Way::Back,
        Way::Thrash,
        Way::Turn,
        Way::Shake,
        Way::Leave,
        Way::Carry,
    ];

    /// How common it is among all people, and whether it is silent.
    fn common(self) -> (f64, bool) {
        match self {
            Way::Rage => (13.0, false),
            Way::Retry => (18.0, false),
            Way::Reload => (8.0, false),
            Way::Back => (10.0, false),
            Way::Thrash => (10.0, false),
            Way::Turn => (5.0, false),
            Way::Shake => (1.5, false),
            Way::Leave => (18.0, true),
            Way::Carry => (18.0, true),
        }
    }
}

impl Person {
    /// Somebody of the crowd.
    pub(crate) fn any(draw: &mut Draw) -> Person {
        let visitor = VisitorId(draw.bytes());
        let hand = Hand::crowd(draw);
        let touches = hand.touches();
        let manner = Manner::any(draw);
        let leaning = draw.unit();
        let expressive = 0.25 + 1.5 * draw.unit();
        Person {
            visitor,
            hand,
            manner,
            patience: middling(draw),
            savvy: middling(draw),
            leaning: leaning * leaning,
            fidget_milli: if draw.chance(180) {
                draw.within(150..=420)
            } else {
                draw.within(0..=40)
            },
            double_milli: if draw.chance(120) {
                draw.within(80..=300)
            } else {
                draw.within(0..=15)
            },
            reads_along: !touches && draw.chance(120),
            tells_tilt: touches && draw.chance(50),
            paint_milli: 330,
            temper: Temper(Way::ALL.map(|way| {
                let (common, silent) = way.common();
                let own = draw.unit();
                let loud = if silent { 1.0 } else { expressive };
                (common * loud * (0.1 + 2.7 * own * own) * 10.0) as u32
            })),
        }
    }

    /// Somebody without peculiarities.
    pub(crate) fn plain(visitor: VisitorId, hand: Hand) -> Person {
        Person {
            visitor,
            hand,
            manner: Manner::STEADY,
            patience: 0.5,
            savvy: 0.5,
            leaning: 0.5,
            fidget_milli: 0,
            double_milli: 0,
            reads_along: false,
            tells_tilt: false,
            paint_milli: 1_000,
            temper: Temper([1; Way::ALL.len()]),
        }
    }
}

impl Temper {
    /// One of the ways that are open, each as likely as it is theirs.
    pub(crate) fn way(self, open: impl Fn(Way) -> bool, draw: &mut Draw) -> Way {
        let weights = Way::ALL.iter().zip(self.0);
        let weights: Vec<(Way, u32)> = weights
            .filter(|(way, _)| open(**way))
            .map(|(way, weight)| (*way, weight))
            .collect();
        let all: u32 = weights.iter().map(|(_, weight)| weight).sum();
        if all == 0 {
            return Way::Carry;
        }
        let mut left = draw.within(0..=all - 1);
        for (way, weight) in weights {
            if left < weight {
                return way;
            }
            left -= weight;
        }
        unreachable!("what is left is below the sum of the weights")
    }
}

/// 0 to 1, the middle more often than the ends.
fn middling(draw: &mut Draw) -> f64 {
    (draw.unit() + draw.unit()) / 2.0
}
