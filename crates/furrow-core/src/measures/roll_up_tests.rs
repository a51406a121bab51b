use super::fitts::Aim;
use super::{HoverStream, MeasureKind, Measures, PointerStream, ScrollStream, TiltStream};
use crate::ids::TargetHash;
use crate::interaction::{
    Hover, PointerPath, PointerType, ScrollCause, ScrollPath, Step, TargetIndex, TiltPath,
};
use crate::time::ClientTime;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A zigzag to the right in 40 steps, then a pause.
fn movement(measures: &mut Measures, pointer: PointerType, at: i64, slant: i32) {
    let path = PointerPath {
        pointer,
        start: (100, 100),
        steps: (0..40)
            .map(|i| Step {
                dt: 16,
                dx: 1 + i * (39 - i) / 30,
                dy: if i % 16 < 8 { slant } else { -slant },
            })
            .collect(),
    };
    let mut stream = PointerStream::default();
    stream.path(ClientTime(at), &path, |movement| measures.add(&movement));
    if let Some(movement) = stream.ended() {
        measures.add(&movement);
    }
}

/// Everything that a page view of half a minute may hold.
fn page_view() -> Measures {
    let mut measures = Measures::default();
    for i in 0..25 {
        movement(
            &mut measures,
            PointerType::Mouse,
            i64::from(i) * 1_000,
            i % 6,
        );
    }
    for i in 1..=6 {
        let distance_px = f64::from(i) * 90.0;
        let aim = Aim::new(PointerType::Mouse, 300 + 70 * i, distance_px, 44.0);
        measures.aimed(aim.unwrap());
    }
    let scroll = ScrollPath {
        start_y: 0,
        steps: (0..100)
            .map(|i| Step {
                dt: if i % 20 == 19 { 700 + i } else { 16 },
                dx: 0,
                dy: 25,
            })
            .collect(),
        viewport_height: 900,
        document_height: 6_000,
        cause: ScrollCause::Wheel,
    };
    measures.scrolled(ScrollStream::default().path(ClientTime(0), &scroll));
    let hover = Hover {
        target: TargetIndex(0),
        duration_ms: 1_300,
        entries: 2,
        pressed_after: false,
    };
    let mut hovers = HoverStream::default();
    for target in [1, 2, 1] {
        measures.hovered(hovers.hovered(TargetHash(target), &hover));
    }
    measures.engaged(31_000);
    measures
}

/// What a session adds to that.
fn session() -> Measures {
    let mut measures = page_view();
    let tilt = TiltPath {
        steps: (0..50)
            .map(|i| {
                (
                    100,
                    if i % 2 == 0 { 3 } else { -3 },
                    0,
                    if i == 0 { 127 } else { 0 },
                )
            })
            .collect(),
    };
    measures.tilted(TiltStream::default().path(ClientTime(0), &tilt));
    for ms in [2_000, 9_000, 31_000, 4_000, 70_000] {
        measures.dwelt(ms);
    }
    measures
}

fn bytes(measures: &Measures) -> usize {
    postcard::to_allocvec(measures).unwrap().len()
}

#[test]
fn nothing_has_no_values_and_takes_six_bytes() {
    assert_eq!(Measures::default().values(), []);
    assert_eq!(bytes(&Measures::default()), 6);
}

#[test]
fn a_page_view_takes_at_most_160_bytes() {
    let measures = page_view();
    assert!(bytes(&measures) <= 160, "{}", bytes(&measures));
}

#[test]
fn a_session_with_evidence_for_everything_tells_the_whole_catalogue_in_order() {
    let kinds: Vec<MeasureKind> = session().values().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, MeasureKind::ALL);
}

#[test]
fn names_are_unique() {
    let names: BTreeSet<&str> = MeasureKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), MeasureKind::ALL.len());
}

#[test]
fn a_tremble_is_a_movement_without_shape() {
    let mut measures = Measures::default();
    let mut stream = PointerStream::default();
    let path = PointerPath {
        pointer: PointerType::Mouse,
        start: (0, 0),
        steps: vec![
            Step {
                dt: 16,
                dx: 3,
                dy: 0
            };
            4
        ],
    };
    stream.path(ClientTime(0), &path, |movement| measures.add(&movement));
    measures.add(&stream.ended().unwrap());
    let kinds: Vec<&str> = measures.values().iter().map(|(k, _)| k.name()).collect();
    assert_eq!(
        kinds,
        ["movements", "path_px", "movement_ms", "mean_speed_px_per_s"]
    );
}

#[test]
fn mouse_and_touch_are_never_mixed() {
    let mut mixed = Measures::default();
    let mut mouse = Measures::default();
    for at in [0, 1_000, 2_000] {
        movement(&mut mixed, PointerType::Mouse, at, 2);
        movement(&mut mouse, PointerType::Mouse, at, 2);
        movement(&mut mixed, PointerType::Touch, at + 500, 9);
    }
    assert_eq!(mixed.main_pointer(), Some(PointerType::Mouse));
    assert_eq!(mixed.values(), mouse.values());
    assert_ne!(mixed.pointer_values(PointerType::Touch), mouse.values());
    assert_eq!(mixed.pointer_values(PointerType::Pen), []);
}

proptest! {
    #[test]
    fn the_order_of_movements_changes_no_bit(
        slants in prop::collection::vec(-9..9_i32, 1..20), turn in 0_usize..20
    ) {
        let all = |slants: &[i32]| {
            let mut measures = Measures::default();
            for slant in slants {
                movement(&mut measures, PointerType::Mouse, 0, *slant);
            }
            measures
        };
        let mut other = slants.clone();
        other.rotate_left(turn % slants.len());
        prop_assert_eq!(all(&slants), all(&other));
    }
}
