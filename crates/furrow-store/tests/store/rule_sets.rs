//! What was published, and what is in force.

use crate::world::{World, noon};
use furrow_core::control::Scope;
use furrow_core::ids::{Property, Tenant};
use furrow_core::time::LogTime;
use furrow_store::{PublishedRules, RuleSetRow};

fn published(property: Option<&str>, number: u64, appended: i64) -> RuleSetRow {
    RuleSetRow::from(PublishedRules {
        scope: Scope {
            tenant: Tenant("demo".into()),
            property: property.map(|property| Property(property.into())),
        },
        number,
        hash: [7; 32],
        rules: format!("{{\"number\":{number}}}").into(),
        appended: LogTime(appended),
    })
}

#[tokio::test]
async fn rules_are_kept_once_with_the_time_of_their_first_record() {
    let world = World::migrated().await;
    let rows = [
        published(Some("shop"), 8, noon() + 5),
        published(Some("shop"), 8, noon()),
        published(Some("shop"), 8, noon() + 9),
        published(Some("shop"), 9, noon() + 9),
        published(None, 12, noon()),
    ];
    world.writer.insert(&rows[..2], "a").await.unwrap();
    world.writer.insert(&rows[2..], "b").await.unwrap();
    let sql = "SELECT property, number, toUnixTimestamp64Milli(appended), in_force, hash \
               FROM v_rule_sets ORDER BY property, number";
    let (noon, later, hash) = (noon(), noon() + 9, "07".repeat(32));
    let expected = format!(
        "\t12\t{noon}\t1\t{hash}\nshop\t8\t{noon}\t0\t{hash}\nshop\t9\t{later}\t1\t{hash}\n"
    );
    assert_eq!(world.read(sql).await, expected);
}

#[tokio::test]
async fn a_property_s_rules_in_force_are_its_own_or_else_its_tenant_s() {
    let world = World::migrated().await;
    let rows = [
        published(Some("shop"), 8, noon()),
        published(Some("shop"), 9, noon()),
        published(None, 12, noon()),
    ];
    world.writer.insert(&rows, "a").await.unwrap();
    let in_force = async |tenant: &str, property: Option<&str>| {
        let (tenant, property) = (
            Tenant(tenant.into()),
            property.map(|property| Property(property.into())),
        );
        let read = world.reader.rules_in_force(&tenant, property.as_ref());
        read.await.unwrap().map(|rules| rules.rules)
    };
    assert_eq!(
        in_force("demo", Some("shop")).await.unwrap(),
        "{\"number\":9}"
    );
    assert_eq!(
        in_force("demo", Some("blog")).await.unwrap(),
        "{\"number\":12}"
    );
    assert_eq!(in_force("demo", None).await.unwrap(), "{\"number\":12}");
    assert_eq!(in_force("other", Some("shop")).await, None);
}
