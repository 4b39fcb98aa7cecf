//! Files that mean harm: an answer in bounded time, without running out of stack or memory.

use super::*;
use std::time::{Duration, Instant};

/// The complaint about `xml`, which must come soon.
fn soon(xml: &str) -> String {
    let start = Instant::now();
    let result = compile(xml, "test.xml");
    assert!(start.elapsed() < Duration::from_secs(60));
    result.map_or_else(|error| error.to_string(), |model| model.name)
}

fn nested(open: &str, close: &str, n: usize) -> String {
    format!(
        "<mujoco model='ok'>{}{}</mujoco>",
        open.repeat(n),
        close.repeat(n)
    )
}

#[test]
fn depth_is_limited() {
    for name in ["body", "default", "frame", "a"] {
        let message = soon(&nested(
            &format!("<{name}>"),
            &format!("</{name}>"),
            100_000,
        ));
        assert!(
            message.contains("elements stand more than 10000 deep"),
            "{message}"
        );
    }
    // Ten million bytes of it, and without ends.
    soon(&nested("<frame>", "", 1_500_000));
    soon(&"<".repeat(10_000_000));
    soon(&"<a '".repeat(2_500_000));
    soon(&"<!--".repeat(2_500_000));
    let bodies = nested("<worldbody><frame>", "</frame></worldbody>", 1)
        .replace("<frame>", &"<frame>".repeat(9000))
        .replace("</frame>", &"</frame>".repeat(9000));
    assert_eq!(soon(&bodies), "ok");
}

/// A name that would be 3 · 10⁹ bytes long if it were what its text declares.
#[test]
fn entities_stay_as_they_are() {
    let mut declared = "<!ENTITY a0 'aaa'>".to_owned();
    for i in 1..10 {
        let before = format!("&a{};", i - 1).repeat(10);
        declared += &format!("<!ENTITY a{i} '{before}'>");
    }
    let bomb = format!("<!DOCTYPE x [{declared}]><mujoco model='&a9;'/>");
    assert_eq!(soon(&bomb), "&a9;");
    let message = soon("<mujoco xmlns:a='b'/>");
    assert!(message.contains("unknown attribute xmlns:a"), "{message}");
    assert_eq!(
        soon(&format!("<mujoco model='{}'/>", "&".repeat(1_000_000))).len(),
        1_000_000
    );
    assert_eq!(
        soon(&format!("<mujoco model='{}'/>", "&#".repeat(1_000_000))).len(),
        2_000_000
    );
}

#[test]
fn numbers_of_things_are_limited() {
    let attributes: String = (0..300_000).map(|i| format!(" a{i}=''")).collect();
    let message = soon(&format!("<mujoco{attributes}/>"));
    assert!(message.contains("more than 100 attributes"), "{message}");
    let message = soon(&nested("<a/>", "", 2_000_000));
    assert!(message.contains("more than 1000000 elements"), "{message}");
    let message = soon(&nested("<size/>", "", 900_000));
    assert_eq!(message, "ok");
    let classes: String = (0..20_000)
        .map(|i| format!("<default class='{i}'/>"))
        .collect();
    let message = soon(&format!("<mujoco><default>{classes}</default></mujoco>"));
    assert!(message.contains("more than 10000 classes"), "{message}");
    let body = "<body><joint/><geom size='1' contype='0'/></body>";
    let world = |inside: &str, n| {
        soon(&format!(
            "<mujoco><worldbody>{}</worldbody></mujoco>",
            inside.repeat(n)
        ))
    };
    assert!(world(body, 1001).contains("more than 1000 degrees of freedom"));
    assert!(world("<body/>", 4096).contains("more than 4096 bodies"));
    assert!(world("<geom size='1'/>", 20_001).contains("more than 20000 geoms"));
    let many =
        "<body><freejoint/><geom size='1'/><geom size='1'/><geom size='1'/><geom size='1'/></body>";
    assert!(world(many, 160).contains("more than 200000 pairs"));
}

#[test]
fn the_largest_models_compile_in_time() {
    let arm = "<body pos='0 0 .1'><joint axis='1 1 0'/><geom size='.1'/>";
    let open = format!("<worldbody>{}", arm.repeat(400));
    let bodies = "<body pos='.1 0 0'/>".repeat(1000);
    let close = format!("{bodies}{}</worldbody>", "</body>".repeat(400));
    let quiet = format!(
        "<mujoco model='ok'><default><geom contype='0' conaffinity='0'/></default>{open}{close}</mujoco>"
    );
    assert_eq!(soon(&quiet), "ok");
}

#[test]
fn long_values_make_short_complaints() {
    let long = "x".repeat(1_000_000);
    assert!(soon(&format!("<mujoco><option timestep='{long}'/></mujoco>")).len() < 3000);
    assert!(soon(&format!("<mujoco><option {long}=''/></mujoco>")).len() < 3000);
    assert!(soon(&format!("<mujoco><option solver='é{long}'/></mujoco>")).len() < 3000);
}
