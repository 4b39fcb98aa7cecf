//! Arithmetic in a text.

use super::super::expression::{Expression, Fault, is_name};

const NAMES: [&str; 3] = ["x", "y", "speed_2"];

fn compiled(text: &str) -> Result<Expression, Fault> {
    let names = || NAMES.map(str::to_owned).to_vec();
    Expression::compile(text, &mut |name| {
        NAMES
            .iter()
            .position(|known| *known == name)
            .ok_or_else(names)
    })
}

#[test]
fn arithmetic_is_as_it_is_written() {
    let mut stack = Vec::new();
    for (text, expected) in [
        ("1 + 2 * 3", 7.0),
        ("10 - 2 - 3", 5.0),
        ("12 / 2 / 3", 2.0),
        ("-x^2", -4.0),
        ("(-x)^2", 4.0),
        ("2^3^2", 512.0),
        ("2^-1", 0.5),
        ("x - -y", 5.0),
        ("1e3 * x + .5 + 2. + 1.5E-1", 2002.65),
        ("min(x, min(y, 3), 1)", 1.0),
        ("max(1, 2, 3, x)", 3.0),
        ("hypot(3, 4)", 5.0),
        ("hypot(2, 3, 6)", 7.0),
        ("7 % 4", 3.0),
        ("clamp(7, 0, x)", 2.0),
        ("if(x < y, 5, 6)", 5.0),
        ("x < y and not(y < x) or 0", 1.0),
        ("x == 2 and y != 3", 0.0),
        ("x >= 2 and y <= 3", 1.0),
        (
            "sqrt(16) + abs(-1) + sign(-3) + floor(1.7) + ceil(0.2)",
            6.0,
        ),
        (
            "cos(0) + sin(0) + tan(0) + tanh(0) + atan2(0, 1) + exp(0) + log(1)",
            2.0,
        ),
        ("speed_2 * pi", 4.0 * std::f64::consts::PI),
        ("((((x))))", 2.0),
    ] {
        let value = compiled(text).unwrap().value(&[2.0, 3.0, 4.0], &mut stack);
        assert!((value - expected).abs() < 1e-12, "{text}: {value}");
    }
}

#[test]
fn mistakes_name_the_letter_and_what_is_there() {
    for (text, column, said) in [
        ("", 1, "it ends where a number or a name should stand"),
        ("x +", 4, "it ends where a number or a name should stand"),
        ("x + * y", 5, "`*` stands where a number or a name should"),
        ("(x", 3, "it ends where `)` should stand"),
        ("x)", 2, "`)` is not expected here"),
        ("2x", 2, "`x` is not expected here"),
        ("x y", 3, "`y` is not expected here"),
        (
            "speed_3",
            1,
            "there is no number `speed_3`; did you mean `speed_2`?",
        ),
        (
            "2 * z",
            5,
            "there is no number `z`; there are x, y, speed_2",
        ),
        (
            "sqr(x)",
            1,
            "there is no function `sqr`; did you mean `sqrt`?",
        ),
        ("sin(x, y)", 10, "`sin` takes one number, and 2 are given"),
        (
            "min(x)",
            7,
            "`min` takes two numbers or more, and 1 are given",
        ),
        ("if(x, y)", 9, "`if` takes three numbers, and 2 are given"),
        ("sin()", 5, "`)` stands where a number or a name should"),
        (
            "0 < x < 1",
            8,
            "one comparison cannot follow another; connect them by `and`",
        ),
        ("x = 3", 3, "`=` is not expected here"),
        ("1/0", 1, "it is always inf"),
        ("0/0 + 1", 1, "it is always NaN"),
        ("1e999", 1, "`1e999` is too large a number"),
        (
            "not x",
            1,
            "`not` is a function: its numbers stand in parentheses behind it",
        ),
        ("x # y", 3, "`#` is not expected here"),
        ("é", 1, "`é` stands where a number or a name should"),
    ] {
        let fault = compiled(text).unwrap_err();
        assert_eq!(
            (fault.column, fault.message.as_str()),
            (column, said),
            "{text}"
        );
    }
}

#[test]
fn no_text_takes_long_or_deep() {
    let deep = |open: &str, close: &str| format!("{}x{}", open.repeat(600), close.repeat(600));
    for text in [
        deep("(", ")"),
        deep("-", ""),
        deep("sin(", ")"),
        deep("x^", ""),
    ] {
        let said = compiled(&text).unwrap_err().message;
        assert!(
            said.contains("more than 50 parts inside each other"),
            "{said}"
        );
    }
    let long = ["x"; 3000].join("+");
    assert!(
        compiled(&long)
            .unwrap_err()
            .message
            .contains("4000 letters at most")
    );
    let flat = ["x"; 1900].join("+");
    assert_eq!(
        compiled(&flat).unwrap().value(&[1.0], &mut Vec::new()),
        1900.0
    );
}

#[test]
fn names_are_letters_and_digits() {
    assert!(is_name("tip_x") && is_name("_1"));
    for bad in ["", "1x", "a-b", "a b", "pi", "and", "é"] {
        assert!(!is_name(bad), "{bad}");
    }
}
