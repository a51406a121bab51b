//! What measures say of real taps and of a real phone at rest.

use furrow_core::interaction::{PointerPath, PointerType, TiltPath};
use furrow_core::measures::{MeasureKind, Measures, Movement, PointerStream, TiltStream};
use furrow_core::time::ClientTime;

/// Rows of numbers; a cell that is none ends its row.
fn rows(csv: &str) -> Vec<Vec<f64>> {
    csv.lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .map_while(|cell| cell.parse().ok())
                .collect()
        })
        .collect()
}

/// Every tap as a sample: ms, px, px.
fn taps() -> Vec<(i64, i32, i32)> {
    rows(include_str!("recordings/taps.csv"))
        .iter()
        .map(|row| {
            let ms = (row[0] * 1e3).round() as i64;
            (ms, row[1].round() as i32, row[2].round() as i32)
        })
        .collect()
}

fn value(measures: &Measures, kind: MeasureKind) -> Option<f64> {
    let values = measures.values();
    values.iter().find(|(k, _)| *k == kind).map(|(_, v)| *v)
}

#[test]
fn real_taps_out_of_order_make_sane_movements() {
    let taps = taps();
    assert_eq!(taps.len(), 181);
    let mut newest = i64::MIN;
    let mut in_order = Vec::new();
    for tap in &taps {
        if tap.0 > newest {
            newest = tap.0;
            in_order.push(*tap);
        }
    }
    assert!(in_order.len() < taps.len(), "the recording is not in order");

    let mut stream = PointerStream::default();
    let mut movements: Vec<Movement> = Vec::new();
    for &(ms, x, y) in &taps {
        let path = PointerPath {
            pointer: PointerType::Touch,
            start: (x, y),
            steps: Vec::new(),
        };
        stream.path(ClientTime(ms), &path, |movement| movements.push(movement));
    }
    movements.extend(stream.ended());
    assert_eq!(stream.dropped() as usize, taps.len() - in_order.len());

    // Two targets some 140 px apart, and nothing else on the screen.
    let wide =
        in_order.iter().map(|t| t.1).max().unwrap() - in_order.iter().map(|t| t.1).min().unwrap();
    assert!(!movements.is_empty());
    for movement in &movements {
        assert!((0.0..=1.0).contains(&movement.straightness));
        assert!(
            movement.displacement_px <= f64::from(wide) * 1.5,
            "{movement:?}"
        );
        let steps = f64::from(movement.samples - 1);
        assert!(
            movement.path_px <= steps * f64::from(wide) * 1.5,
            "{movement:?}"
        );
        // To and fro: never more often than there are taps between.
        assert!(movement.x_flips <= movement.samples - 2);
        // Nothing lies further off than the targets are apart.
        assert!(movement.max_deviation_px.unwrap_or(0.0) <= f64::from(wide));
        // Taps come some 100 ms apart, too slowly for acceleration and jerk.
        assert_eq!(movement.peak_acceleration_px_per_s2, None);
        assert_eq!(movement.log_dimensionless_jerk, None);
    }
    let flips: u32 = movements.iter().map(|m| m.x_flips).sum();
    assert!(flips > 10, "a tapping test goes to and fro: {flips}");
}

#[test]
fn a_real_phone_at_rest_hardly_tilts() {
    let steps = {
        let (mut ms, mut up) = (0, [0; 3]);
        rows(include_str!("recordings/gravity.csv"))
            .iter()
            .map(|row| {
                // As the wire has them: whole ms, 1/127, up against gravity.
                let at = (row[0] * 1e3).round() as u32;
                let next = [1, 2, 3].map(|axis| (-row[axis] * 127.0).round() as i32);
                let step = (at - ms, next[0] - up[0], next[1] - up[1], next[2] - up[2]);
                (ms, up) = (at, next);
                step
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(steps.len(), 200);
    let mut measures = Measures::default();
    measures.tilted(TiltStream::default().path(ClientTime(0), &TiltPath { steps }));
    // One step of 1/127 either way is all that it does: a variance of at most
    // 1 − cos(1/127), and one step in each axis per 100 ms.
    let variance = value(&measures, MeasureKind::TiltVariance).unwrap();
    assert!(variance <= 3.2e-5, "{variance}");
    let mean = value(&measures, MeasureKind::TiltRadPerS).unwrap();
    let peak = value(&measures, MeasureKind::TiltPeakRadPerS).unwrap();
    assert!(mean > 0.0 && mean < 0.08, "{mean}");
    assert!(peak <= 0.112, "{peak}");
}
