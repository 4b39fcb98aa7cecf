//! Configurations of rules.

use super::*;
use crate::topology::{DropCriterion, GrownMoments, GrownValue, RuleConfig, rules};

#[test]
fn configuration_reads_as_words() {
    let read = |text| serde_json::from_str::<RuleConfig>(text).unwrap();
    assert_eq!(read("\"static\""), Static.into());
    assert_eq!(read("{\"rigl\":{}}"), RigL::default().into());
    let never = Set {
        allow_regrow: false,
        ..Set::default()
    };
    assert_eq!(read("{\"set\":{\"allow_regrow\":false}}"), never.into());
    let text = "{\"set\":{\"drop\":\"sign_balanced\",\"grown_moments\":\"keep\",\"grown_value\":\"random\"}}";
    let ds_td3 = Set {
        drop: DropCriterion::SignBalanced,
        grown_value: GrownValue::Random,
        grown_moments: GrownMoments::Keep,
        ..Set::default()
    };
    assert_eq!(read(text), ds_td3.into());
    assert_eq!(
        read("{\"redo\":{\"threshold\":0.1}}"),
        ReDo { threshold: 0.1 }.into()
    );
    let text = "{\"gradual_magnitude\":{\"final_sparsity\":0.95,\"begin\":10,\"end\":20}}";
    let gradual = read(text);
    let rule = gradual.get::<GradualMagnitude>().unwrap();
    assert_eq!((rule.initial_sparsity, rule.end), (0.0, 20));
    let again = serde_json::to_string(&gradual).unwrap();
    assert_eq!(read(&again), gradual);
    assert_eq!(
        serde_json::to_string(&RuleConfig::new(Static)).unwrap(),
        "\"static\""
    );
}

#[test]
fn what_no_rule_reads_names_what_there_is() {
    let error = |text| {
        serde_json::from_str::<RuleConfig>(text)
            .unwrap_err()
            .to_string()
    };
    let unknown = error("\"rgl\"");
    let expected = "unknown rule `rgl`; did you mean `rigl`? known rules: `static`, `set`, `rigl`, \
                    `gradual_magnitude`, `redo`";
    assert!(unknown.starts_with(expected), "{unknown}");
    assert!(!error("\"lottery_tickets\"").contains("did you mean"));
    let setting = error("{\"set\":{\"regrow\":false}}");
    assert!(
        setting.contains("rule `set`: unknown field `regrow`"),
        "{setting}"
    );
    let missing = error("\"gradual_magnitude\"");
    assert!(
        missing.contains("missing field `final_sparsity`"),
        "{missing}"
    );
    let two = error("{\"set\":{},\"rigl\":{}}");
    assert!(two.contains("rules `set` and `rigl`"), "{two}");
    assert!(rules().iter().all(|entry| !entry.about.is_empty()));
}
