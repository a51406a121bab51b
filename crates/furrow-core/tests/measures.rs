//! What a session measures of what its senders send.

use furrow_core::ids::{SenderId, SessionId, TargetHash};
use furrow_core::interaction::{
    Batch, Button, Hover, Interaction, Kind, Page, PageView, PointerPath, PointerType, Press,
    PressKind, ReferrerClass, Response, ScrollCause, ScrollPath, Step, Target, TargetIndex,
    TargetKind,
};
use furrow_core::measures::{MeasureKind, Measures};
use furrow_core::rules::RuleSet;
use furrow_core::session::{ClientFacts, Received, Session, Taken};
use furrow_core::time::{ClientTime, LogTime};

const NOON: i64 = 1_790_000_000_000;

fn page(number: u32) -> Page {
    Page {
        number,
        path: "/".into(),
        group: "home".into(),
    }
}

fn received(sequence: u32, interactions: Vec<(i64, Kind)>) -> Received {
    let target = Target {
        hash: TargetHash(7),
        selector: "a".into(),
        label: "A".into(),
        kind: TargetKind::Link,
        interactive: true,
        looks_interactive: true,
        ignore_rage: false,
        ignore_dead: false,
    };
    let at = |interaction: Option<&(i64, Kind)>| ClientTime(NOON + interaction.map_or(0, |i| i.0));
    Received {
        received_ms: NOON,
        client: ClientFacts::default(),
        batch: Batch {
            session: SessionId([1; 16]),
            visitor: None,
            sender: SenderId([1; 8]),
            sequence,
            origin: at(interactions.first()),
            sent: at(interactions.last()),
            page: page(0),
            device: None,
            targets: vec![target],
            unknown: 0,
            samples: 0,
            interactions: interactions
                .into_iter()
                .map(|(at, kind)| Interaction {
                    at: ClientTime(NOON + at),
                    kind,
                })
                .collect(),
        },
    }
}

/// To the right by 20 px every 16 ms.
fn pointer_path(steps: usize) -> Kind {
    Kind::PointerPath(PointerPath {
        pointer: PointerType::Mouse,
        start: (0, 0),
        steps: vec![
            Step {
                dt: 16,
                dx: 20,
                dy: 0
            };
            steps
        ],
    })
}

fn press(down: i64) -> Kind {
    Kind::Press(Press {
        number: 0,
        kind: PressKind::Click,
        pointer: PointerType::Mouse,
        down: ClientTime(NOON + down),
        position: (0, 0),
        page_position: (0, 0),
        target: Some(TargetIndex(0)),
        button: Button::Primary,
        hold_ms: 80,
        hover_before_ms: 0,
        selected_text: false,
        scrolled: false,
        keyboard: false,
        modified: false,
        response: Response::default(),
    })
}

fn view(number: u32) -> Kind {
    Kind::PageView(PageView {
        page: page(number),
        referrer: ReferrerClass::Internal,
        first_paint_ms: 0,
        interactive_ms: 0,
        loaded_ms: 0,
        document: (0, 0),
        viewport: (0, 0),
    })
}

/// Batches in the order of their arrival, each with its sequence number.
fn session(batches: Vec<(u32, Vec<(i64, Kind)>)>) -> Session {
    let rules = RuleSet::default();
    let mut session = Session::new(None, 0, LogTime(NOON), LogTime(NOON));
    for (sequence, interactions) in batches {
        let taken = session.take(received(sequence, interactions), LogTime(NOON), &rules);
        assert!(matches!(
            taken,
            Taken::Scored { .. } | Taken::Held | Taken::Reordered
        ));
    }
    session
}

fn value(measures: &Measures, kind: MeasureKind) -> Option<f64> {
    let values = measures.values();
    values.iter().find(|(k, _)| *k == kind).map(|(_, v)| *v)
}

fn movements(session: &Session) -> Option<f64> {
    value(&session.measures(), MeasureKind::Movements)
}

#[test]
fn a_press_a_pause_a_hidden_page_and_the_end_each_end_a_movement() {
    let open = session(vec![(0, vec![(0, pointer_path(10))])]);
    assert_eq!(movements(&open), None);
    let ended_by = |kind: Kind, at: i64| {
        let session = session(vec![(0, vec![(0, pointer_path(10)), (at, kind)])]);
        movements(&session)
    };
    assert_eq!(ended_by(press(170), 180), Some(1.0));
    assert_eq!(ended_by(Kind::Find, 361), Some(1.0));
    assert_eq!(ended_by(Kind::Find, 359), None);
    assert_eq!(
        ended_by(Kind::Visibility { visible: false }, 170),
        Some(1.0)
    );
    assert_eq!(ended_by(view(1), 170), Some(1.0));
    let mut ended = open;
    ended.end(&RuleSet::default());
    assert_eq!(movements(&ended), Some(1.0));
}

#[test]
fn a_movement_belongs_to_the_page_view_on_which_it_ended() {
    let mut session = session(vec![(
        0,
        vec![
            (0, pointer_path(10)),
            (170, view(1)),
            (1_000, pointer_path(5)),
            (2_000, view(2)),
        ],
    )]);
    session.end(&RuleSet::default());
    let path_px = |ordinal| {
        let measures = session.page_view_measures(ordinal)?;
        value(&measures, MeasureKind::PathPx)
    };
    assert_eq!([0, 1, 2].map(path_px), [Some(200.0), Some(100.0), None]);
    assert_eq!(value(&session.measures(), MeasureKind::PathPx), Some(300.0));
    assert_eq!(session.page_view_measures(3), None);
}

#[test]
fn samples_that_fill_a_gap_late_feed_no_measure() {
    let later = |sequence: u32| {
        let at = i64::from(sequence) * 5_000;
        (
            sequence,
            vec![(at, pointer_path(10)), (at + 1_000, Kind::Find)],
        )
    };
    let in_order = session((0..4).map(later).collect());
    assert_eq!(movements(&in_order), Some(4.0));
    // The second batch comes after two later ones.
    let gap = session([0, 2, 3, 1].map(later).into());
    assert_eq!(movements(&gap), Some(3.0));
}

#[test]
fn how_interactions_are_cut_into_batches_changes_no_measure() {
    let interactions = || {
        let scroll = Kind::ScrollPath(ScrollPath {
            start_y: 0,
            steps: vec![
                Step {
                    dt: 16,
                    dx: 0,
                    dy: 30
                };
                20
            ],
            viewport_height: 800,
            document_height: 4_000,
            cause: ScrollCause::Wheel,
        });
        let hover = Kind::Hover(Hover {
            target: TargetIndex(0),
            duration_ms: 1_200,
            entries: 2,
            pressed_after: false,
        });
        vec![
            (0, pointer_path(20)),
            (400, press(350)),
            (900, scroll),
            (1_400, pointer_path(30)),
            (3_000, hover.clone()),
            (4_000, hover),
            (4_500, pointer_path(3)),
        ]
    };
    let mut whole = session(vec![(0, interactions())]);
    let mut parts = session(
        (0..)
            .zip(interactions())
            .map(|(sequence, one)| (sequence, vec![one]))
            .collect(),
    );
    for session in [&mut whole, &mut parts] {
        session.end(&RuleSet::default());
    }
    assert_eq!(whole.measures(), parts.measures());
    assert_eq!(whole.page_view_measures(0), parts.page_view_measures(0));
    let measures = whole.measures();
    assert_eq!(value(&measures, MeasureKind::Movements), Some(3.0));
    assert_eq!(value(&measures, MeasureKind::TargetReentries), Some(3.0));
    assert_eq!(
        value(&measures, MeasureKind::ScrollPathViewports),
        Some(0.75)
    );
    assert_eq!(value(&measures, MeasureKind::EngagedMs), Some(4_548.0));
}

#[test]
fn page_views_that_were_left_are_dwell_times() {
    let views: Vec<(i64, Kind)> = [0, 1_000, 3_000, 6_000, 7_000, 11_000]
        .into_iter()
        .zip(0..)
        .map(|(at, number)| (at, view(number)))
        .collect();
    let session = session(vec![(0, views)]);
    let measures = session.measures();
    let scale_ms = value(&measures, MeasureKind::DwellScaleMs).unwrap();
    assert!((1_000.0..4_000.0).contains(&scale_ms), "{scale_ms}");
    assert!(value(&measures, MeasureKind::DwellShape).is_some());
    let page_view = session.page_view_measures(0).unwrap();
    assert_eq!(value(&page_view, MeasureKind::DwellShape), None);
}
