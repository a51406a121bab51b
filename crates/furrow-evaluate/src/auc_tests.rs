use super::*;
use proptest::prelude::*;

/// Each session another person's.
fn alone(frustrated: &[bool]) -> Labels {
    let keys: Vec<String> = (0..frustrated.len()).map(|i| i.to_string()).collect();
    Labels::new(
        keys.iter()
            .map(String::as_str)
            .zip(frustrated.iter().copied()),
    )
}

fn of_persons(sessions: &[(u8, bool)]) -> Labels {
    let keys: Vec<String> = sessions.iter().map(|s| s.0.to_string()).collect();
    Labels::new(
        keys.iter()
            .map(String::as_str)
            .zip(sessions.iter().map(|s| s.1)),
    )
}

/// 1 where the frustrated one scores above, half where it is as high.
fn above(frustrated: f64, calm: f64) -> f64 {
    if frustrated > calm {
        1.0
    } else if frustrated < calm {
        0.0
    } else {
        0.5
    }
}

fn pairs(values: &[f64], frustrated: &[bool]) -> (Vec<f64>, Vec<f64>) {
    let of = |class| {
        let both = values.iter().zip(frustrated);
        both.filter(move |(_, f)| **f == class)
            .map(|(v, _)| *v)
            .collect()
    };
    (of(true), of(false))
}

fn brute_area(values: &[f64], frustrated: &[bool]) -> f64 {
    let (high, low) = pairs(values, frustrated);
    let sum: f64 = high
        .iter()
        .flat_map(|&h| low.iter().map(move |&l| above(h, l)))
        .sum();
    sum / (high.len() * low.len()) as f64
}

/// DeLong's covariance of two areas by its definition, over all pairs.
fn brute_covariance(a: &[f64], b: &[f64], frustrated: &[bool]) -> f64 {
    let components = |values: &[f64]| {
        let (high, low) = pairs(values, frustrated);
        let mean = |it: Vec<f64>| it.iter().sum::<f64>() / it.len() as f64;
        let v10: Vec<f64> = high
            .iter()
            .map(|&h| mean(low.iter().map(|&l| above(h, l)).collect()))
            .collect();
        let v01: Vec<f64> = low
            .iter()
            .map(|&l| mean(high.iter().map(|&h| above(h, l)).collect()))
            .collect();
        (v10, v01)
    };
    let covariance = |x: &[f64], y: &[f64]| {
        let n = x.len() as f64;
        let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let sum: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
        sum / (n - 1.0) / n
    };
    let ((a10, a01), (b10, b01)) = (components(a), components(b));
    covariance(&a10, &b10) + covariance(&a01, &b01)
}

#[test]
fn the_area_of_the_golden_example_is_three_quarters() {
    let labels = alone(&[false, false, true, true]);
    let area = auc(&[0.1, 0.4, 0.35, 0.8], &labels).unwrap();
    assert_eq!(area.value, 0.75);
}

#[test]
fn the_standard_error_of_a_small_example_is_the_one_by_hand() {
    // V10 = 1/2, 1 and V01 = 1, 1/2: both variances 1/8, each over 2 cases.
    let labels = alone(&[false, false, true, true]);
    let area = auc(&[0.1, 0.4, 0.35, 0.8], &labels).unwrap();
    assert!((area.standard_error - 0.125_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn values_that_are_all_the_same_give_one_half_and_a_wide_interval() {
    let labels = alone(&[true, false, true, false, false]);
    let area = auc(&[0.0; 5], &labels).unwrap();
    assert_eq!((area.value, area.standard_error), (0.5, 0.0));
    assert!(
        area.interval.low < 0.2 && area.interval.high > 0.8,
        "{area:?}"
    );
}

#[test]
fn perfect_separation_of_few_sessions_is_not_certain() {
    let labels = alone(&[true, true, true, false, false, false]);
    let area = auc(&[9.0, 8.0, 7.0, 2.0, 1.0, 0.0], &labels).unwrap();
    assert_eq!(area.value, 1.0);
    assert_eq!(area.interval.high, 1.0);
    assert!(area.interval.low < 0.5, "{area:?}");
}

#[test]
fn with_one_class_or_one_person_in_a_class_there_is_no_area() {
    assert_eq!(auc(&[1.0, 2.0], &alone(&[true, true])), None);
    assert_eq!(auc(&[1.0, 2.0, 3.0], &alone(&[true, false, false])), None);
    let two_of_one = of_persons(&[(1, true), (1, true), (2, false), (3, false)]);
    assert_eq!(auc(&[1.0, 2.0, 3.0, 4.0], &two_of_one), None);
}

#[test]
fn the_same_sessions_twice_are_no_new_evidence_when_they_are_the_same_persons() {
    let once = [
        (1, true),
        (2, true),
        (3, false),
        (4, false),
        (5, true),
        (6, false),
    ];
    let values = [5.0, 2.0, 1.0, 3.0, 4.0, 0.0];
    let twice = [once, once].concat();
    let single = auc(&values, &of_persons(&once)).unwrap();
    let same = auc(&[values, values].concat(), &of_persons(&twice)).unwrap();
    assert!((single.standard_error - same.standard_error).abs() < 1e-12);
    let frustrated: Vec<bool> = twice.iter().map(|s| s.1).collect();
    let strangers = auc(&[values, values].concat(), &alone(&frustrated)).unwrap();
    assert!(strangers.standard_error < same.standard_error);
}

#[test]
fn a_score_does_not_differ_from_itself() {
    let labels = alone(&[true, false, true, false]);
    let values = [3.0, 1.0, 0.0, 2.0];
    let itself = difference(&values, &values, &labels).unwrap();
    assert_eq!((itself.value, itself.z), (0.0, None));
    assert!(itself.interval.contains(0.0));
}

#[test]
fn a_perfect_score_and_a_rule_that_never_fires_differ_beyond_doubt_in_a_large_sample_only() {
    for (sessions, sure) in [(6, false), (400, true)] {
        let frustrated: Vec<bool> = (0..sessions).map(|i| i % 2 == 0).collect();
        let perfect: Vec<f64> = frustrated.iter().map(|&f| f64::from(u8::from(f))).collect();
        let never = vec![0.0; sessions];
        let margin = difference(&perfect, &never, &alone(&frustrated)).unwrap();
        assert_eq!((margin.value, margin.p), (0.5, None));
        assert_eq!(margin.interval.low > 0.0, sure, "{margin:?}");
    }
}

/// Values with many ties, and both classes at least twice.
fn sessions() -> impl Strategy<Value = Vec<(u8, u8, bool)>> {
    prop::collection::vec((0..6_u8, 0..6_u8, any::<bool>()), 0..40).prop_map(|mut drawn| {
        drawn.extend([(3, 1, true), (1, 2, true), (2, 2, false), (0, 4, false)]);
        drawn
    })
}

fn columns(sessions: &[(u8, u8, bool)]) -> (Vec<f64>, Vec<f64>, Vec<bool>) {
    (
        sessions.iter().map(|s| f64::from(s.0)).collect(),
        sessions.iter().map(|s| f64::from(s.1)).collect(),
        sessions.iter().map(|s| s.2).collect(),
    )
}

proptest! {
    #[test]
    fn the_area_is_the_share_of_pairs_in_the_right_order(sessions in sessions()) {
        let (a, _, frustrated) = columns(&sessions);
        let area = auc(&a, &alone(&frustrated)).unwrap();
        prop_assert!((area.value - brute_area(&a, &frustrated)).abs() < 1e-12);
    }

    #[test]
    fn the_variance_is_delongs_by_its_definition(sessions in sessions()) {
        let (a, _, frustrated) = columns(&sessions);
        let area = auc(&a, &alone(&frustrated)).unwrap();
        let brute = brute_covariance(&a, &a, &frustrated);
        prop_assert!((area.standard_error * area.standard_error - brute).abs() < 1e-12);
    }

    #[test]
    fn the_variance_of_a_difference_takes_the_covariance_off(sessions in sessions()) {
        let (a, b, frustrated) = columns(&sessions);
        let margin = difference(&a, &b, &alone(&frustrated)).unwrap();
        let covariance = |x: &[f64], y: &[f64]| brute_covariance(x, y, &frustrated);
        let brute = covariance(&a, &a) + covariance(&b, &b) - 2.0 * covariance(&a, &b);
        let areas = brute_area(&a, &frustrated) - brute_area(&b, &frustrated);
        prop_assert!((margin.value - areas).abs() < 1e-12);
        match margin.z {
            Some(z) => {
                let standard_error = margin.value / z;
                prop_assert!(z == 0.0 || (standard_error * standard_error - brute).abs() < 1e-9);
            }
            None => prop_assert!(brute.abs() < 1e-12),
        }
    }

    #[test]
    fn a_reversed_score_has_the_rest_of_the_area(sessions in sessions()) {
        let (a, _, frustrated) = columns(&sessions);
        let labels = alone(&frustrated);
        let reversed: Vec<f64> = a.iter().map(|a| 10.0 - a).collect();
        let (area, rest) = (auc(&a, &labels).unwrap(), auc(&reversed, &labels).unwrap());
        prop_assert!((area.value + rest.value - 1.0).abs() < 1e-12);
        prop_assert!((area.standard_error - rest.standard_error).abs() < 1e-9);
    }

    #[test]
    fn a_rising_transformation_changes_nothing(sessions in sessions()) {
        let (a, _, frustrated) = columns(&sessions);
        let labels = alone(&frustrated);
        let stretched: Vec<f64> = a.iter().map(|a| a * a * a - 7.0).collect();
        prop_assert_eq!(auc(&a, &labels), auc(&stretched, &labels));
    }

    #[test]
    fn an_area_lies_within_its_interval(sessions in sessions(), persons in 2..9_u8) {
        let (a, _, _) = columns(&sessions);
        let owned: Vec<(u8, bool)> =
            (0..).zip(&sessions).map(|(i, s)| ((i % 97) % persons, s.2)).collect();
        if let Some(area) = auc(&a, &of_persons(&owned)) {
            prop_assert!(area.interval.contains(area.value), "{:?}", area);
            prop_assert!(area.interval.low >= 0.0 && area.interval.high <= 1.0);
        }
    }
}
