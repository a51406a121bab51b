use super::super::stage::{Stage, words};
use super::*;
use crate::interaction::Kind;
use crate::measures::PointerStream;

fn firings_of(stage: &mut Stage) -> Firings {
    let mut detector = DetourDetector::default();
    let mut pointer = PointerStream::default();
    let mut firings = Firings::default();
    let mut movements = Vec::new();
    for interaction in stage.interactions().iter() {
        if let Kind::PointerPath(path) = &interaction.kind {
            pointer.path(interaction.at, path, |movement| movements.push(movement));
        }
    }
    movements.extend(pointer.ended());
    for movement in &movements {
        detector.moved(movement, stage.moment(movement.end), &mut firings);
    }
    firings
}

fn firings(text: &str) -> Firings {
    firings_of(&mut Stage::new(text))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(words(&firings(text)), expected, "{text}");
}

/// So many movements, one every 10 s, bent a little and each differently.
fn straight(count: i64) -> String {
    let movement = |i: i64| {
        let bend = 300 + 13 * (i % 4);
        format!(
            "mouse {} 100,300 to 300,{bend} in 200 to 500,300 in 200;",
            10_000 * i
        )
    };
    (0..count).map(movement).collect()
}

/// A movement that turns back twice and bows out on its way.
fn astray(at: i64) -> String {
    format!(
        "mouse {at} 100,300 to 700,500 in 300 to 200,600 in 300 to 600,350 in 300 to 500,300 in 200;"
    )
}

#[test]
fn a_way_that_strays_from_what_is_usual_is_a_detour() {
    check(&(straight(12) + &astray(120_000)), "detour@120000x1");
}

#[test]
fn a_way_like_the_others_is_none() {
    check(&straight(40), "");
}

#[test]
fn one_who_always_strays_makes_no_detours() {
    let all: String = (0..30).map(|i| astray(10_000 * i)).collect();
    check(&all, "");
}

#[test]
fn a_straighter_way_is_none() {
    let all: String = (0..20).map(|i| astray(10_000 * i)).collect();
    check(&(all + "mouse 200000 100,300 to 500,300 in 400"), "");
}

#[test]
fn eight_earlier_movements_are_needed() {
    let found = |count| {
        let mut stage = Stage::new(&(straight(count) + &astray(900_000)));
        stage.rules.detour.shrinkage = 0;
        words(&firings_of(&mut stage))
    };
    assert_eq!(found(8), "detour@900000x1");
    assert_eq!(found(7), "");
}

#[test]
fn z_at_the_threshold_fires_and_below_it_does_not() {
    let text = straight(20) + &astray(900_000);
    let found = |z_min_milli| {
        let mut stage = Stage::new(&text);
        stage.rules.detour.z_min_milli = z_min_milli;
        firings_of(&mut stage).listed().len()
    };
    let fires: Vec<u32> = (1_000..6_000)
        .step_by(50)
        .filter(|z| found(*z) == 1)
        .collect();
    // Every threshold up to some value, and none above it.
    let highest = *fires.last().unwrap();
    assert_eq!(fires.len() as u32, (highest - 1_000) / 50 + 1);
    assert!((2_000..5_000).contains(&highest), "{highest}");
}

#[test]
fn more_earlier_movements_make_it_surer() {
    let intensity =
        |count| firings(&(straight(count) + &astray(900_000))).listed()[0].intensity_milli;
    assert!(intensity(40) > intensity(12));
}

#[test]
fn detours_in_a_row_raise_the_same_firing() {
    let row = |second: i64| straight(40) + &astray(500_000) + &astray(second);
    // The first ends at 501,100.
    check(&row(506_100), "detour@500000x2");
    check(&row(506_101), "detour@500000x1 detour@506101x1");
}

#[test]
fn movements_that_lead_nowhere_or_of_fingers_are_not_compared() {
    let near = "mouse 900000 100,300 to 400,600 in 300 to 149,300 in 300;";
    check(&(straight(30) + near), "");
    check(
        &(straight(30) + &near.replace("149", "150")),
        "detour@900000x1",
    );
    check(
        &(straight(30) + &astray(900_000)).replace("mouse", "touch"),
        "",
    );
}

#[test]
fn speed_does_not_matter() {
    let slow = straight(30).replace("in 200", "in 400");
    let last = "mouse 900000 100,300 to 300,313 in 50 to 500,300 in 4000;";
    check(&(slow + last), "");
}

#[test]
fn chance_alone_seldom_makes_a_detour() {
    // Movements whose bends come from one distribution, by a generator of
    // known constants (Knuth's MMIX).
    let mut seed = 7_u64;
    let mut random = |below: i64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(seed >> 40).unwrap() % below
    };
    let mut text = String::new();
    for i in 0..400 {
        let bends: String = (1..=3)
            .map(|j| {
                format!(
                    " to {},{} in 100",
                    100 + 100 * j + random(40),
                    300 + random(60)
                )
            })
            .collect();
        text += &format!("mouse {} 100,300{bends} to 500,320 in 100;", 10_000 * i);
    }
    assert!(firings(&text).listed().len() <= 4);
}

#[test]
fn it_takes_some_forty_bytes() {
    assert_eq!(
        postcard::to_allocvec(&DetourDetector::default()).unwrap(),
        [0, 0]
    );
    let mut detector = DetourDetector::default();
    let mut pointer = PointerStream::default();
    let mut stage = Stage::new(&straight(30));
    let mut movements = Vec::new();
    for interaction in stage.interactions().iter() {
        if let Kind::PointerPath(path) = &interaction.kind {
            pointer.path(interaction.at, path, |movement| movements.push(movement));
        }
    }
    for movement in &movements {
        detector.moved(
            movement,
            stage.moment(movement.end),
            &mut Firings::default(),
        );
    }
    assert!(postcard::to_allocvec(&detector).unwrap().len() <= 40);
}
