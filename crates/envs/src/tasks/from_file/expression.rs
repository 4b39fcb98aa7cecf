//! Arithmetic in a text, compiled once: `distance < 0.05 and speed * upright > 1`.
//!
//! Why not a crate (2026-12): of those with a permissive licence that are kept up, exmex 0.21 reads `-x^2` as `(-x)^2`,
//! refuses `1e3 * x` and `min(a, min(b, c))`, and takes its functions from the platform, so that bits differ between machines;
//! evalexpr is AGPL since its version 12; fasteval's last release is of 2020.
//!
//! Functions are libm's, in plain Rust, the same on every machine. An expression has no loops and a bounded length, and
//! its value takes no memory but a stack that is there.

use crate::nearest::hint;

/// Letters of an expression, at most.
const LONGEST: usize = 4000;
/// Parentheses, functions and signs inside each other, at most.
const DEEPEST: usize = 50;

/// What is wrong, and at which letter, from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) column: usize,
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Number(f64),
    /// A number of those that are given.
    Variable(usize),
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
    Three(fn(f64, f64, f64) -> f64),
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    /// In the order of a stack machine.
    ops: Vec<Op>,
}

/// A function: its name, how many numbers it takes, and what it does.
struct Function(&'static str, Apply);

/// What two numbers make.
type Two = fn(f64, f64) -> f64;

#[derive(Clone, Copy)]
enum Apply {
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
    Three(fn(f64, f64, f64) -> f64),
    /// Two numbers or more, from the left to the right.
    Many(fn(f64, f64) -> f64),
}

const fn truth(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// What is made of numbers, one of which may be none: then neither is that.
fn known<const N: usize>(given: [f64; N], value: f64) -> f64 {
    match given.iter().any(|number| number.is_nan()) {
        true => f64::NAN,
        false => value,
    }
}

/// Whether two numbers compare in some way.
fn compared(a: f64, b: f64, is: bool) -> f64 {
    known([a, b], truth(is))
}

/// All of them. Conditions are numbers: 0 is false, NaN is neither, all else is true.
const FUNCTIONS: [Function; 22] = [
    Function("abs", Apply::One(f64::abs)),
    Function("acos", Apply::One(libm::acos)),
    Function("asin", Apply::One(libm::asin)),
    Function("atan", Apply::One(libm::atan)),
    Function("atan2", Apply::Two(libm::atan2)),
    Function("ceil", Apply::One(libm::ceil)),
    Function(
        "clamp",
        Apply::Three(|x, low, high| known([x, low, high], x.max(low).min(high))),
    ),
    Function("cos", Apply::One(libm::cos)),
    Function("exp", Apply::One(libm::exp)),
    Function("floor", Apply::One(libm::floor)),
    Function(
        "hypot",
        Apply::Many(|a, b| known([a, b], libm::hypot(a, b))),
    ),
    Function(
        "if",
        Apply::Three(|is, yes, no| known([is], if is != 0.0 { yes } else { no })),
    ),
    Function("log", Apply::One(libm::log)),
    Function("max", Apply::Many(|a, b| known([a, b], a.max(b)))),
    Function("min", Apply::Many(|a, b| known([a, b], a.min(b)))),
    Function("not", Apply::One(|x| compared(x, 0.0, x == 0.0))),
    Function("pow", Apply::Two(pow)),
    Function(
        "sign",
        Apply::One(|x| known([x], if x == 0.0 { 0.0 } else { 1.0_f64.copysign(x) })),
    ),
    Function("sin", Apply::One(libm::sin)),
    Function("sqrt", Apply::One(f64::sqrt)),
    Function("tan", Apply::One(libm::tan)),
    Function("tanh", Apply::One(libm::tanh)),
];

fn pow(base: f64, exponent: f64) -> f64 {
    known([base, exponent], libm::pow(base, exponent))
}

/// The second number counts only where the first leaves it open, as in `x > 0 and log(x) > 1`.
fn and(a: f64, b: f64) -> f64 {
    if a == 0.0 {
        0.0
    } else {
        known([a, b], truth(b != 0.0))
    }
}

fn or(a: f64, b: f64) -> f64 {
    if a.is_nan() || a == 0.0 {
        known([a, b], truth(b != 0.0))
    } else {
        1.0
    }
}

/// Two-sided operators, the loosest first.
const OPERATORS: [&[(&str, Two)]; 5] = [
    &[("or", or)],
    &[("and", and)],
    &[
        ("<=", |a, b| compared(a, b, a <= b)),
        (">=", |a, b| compared(a, b, a >= b)),
        ("==", |a, b| compared(a, b, a == b)),
        ("!=", |a, b| compared(a, b, a != b)),
        ("<", |a, b| compared(a, b, a < b)),
        (">", |a, b| compared(a, b, a > b)),
    ],
    &[("+", |a, b| a + b), ("-", |a, b| a - b)],
    &[
        ("*", |a, b| a * b),
        ("/", |a, b| a / b),
        ("%", |a, b| libm::fmod(a, b)),
    ],
];

/// The level of comparisons, of which there is one at most between parentheses.
const COMPARISONS: usize = 2;

impl Expression {
    /// Compiles a text; `variable` gives the number of a name, or the names that there are.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(super) fn compile(
        text: &str,
        variable: &mut dyn FnMut(&str) -> Result<usize, Vec<String>>,
    ) -> Result<Self, Fault> {
        if text.chars().count() > LONGEST {
            let message = format!("an expression has {LONGEST} letters at most");
            return Err(Fault {
                column: LONGEST,
                message,
            });
        }
        let mut parser = Parser {
            text,
            at: 0,
            ops: Vec::new(),
            depth: 0,
            variable,
        };
        parser.level(0)?;
        if let Some(rest) = parser.rest().chars().next() {
            return Err(parser.fault(format!("`{rest}` is not expected here")));
        }
        let expression = Self { ops: parser.ops };
        let constant = !expression
            .ops
            .iter()
            .any(|op| matches!(op, Op::Variable(_)));
        let value = expression.value(&[], &mut Vec::new());
        if constant && !value.is_finite() {
            let message = format!("it is always {value}");
            return Err(Fault { column: 1, message });
        }
        Ok(expression)
    }

    /// Its value; `stack` is memory to work in.
    pub(super) fn value(&self, variables: &[f64], stack: &mut Vec<f64>) -> f64 {
        stack.clear();
        // A missing number would be a mistake of the compiler: NaN is told where it comes to light.
        let pop = |stack: &mut Vec<f64>| stack.pop().unwrap_or(f64::NAN);
        for op in &self.ops {
            let value = match *op {
                Op::Number(number) => number,
                Op::Variable(index) => variables.get(index).copied().unwrap_or(f64::NAN),
                Op::One(apply) => apply(pop(stack)),
                Op::Two(apply) => {
                    let (b, a) = (pop(stack), pop(stack));
                    apply(a, b)
                }
                Op::Three(apply) => {
                    let (c, b, a) = (pop(stack), pop(stack), pop(stack));
                    apply(a, b, c)
                }
            };
            stack.push(value);
        }
        pop(stack)
    }

    /// The same of variables with other numbers.
    pub(super) fn with_variables(mut self, number: impl Fn(usize) -> usize) -> Self {
        for op in &mut self.ops {
            if let Op::Variable(index) = op {
                *index = number(*index);
            }
        }
        self
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Byte of what comes next.
    at: usize,
    ops: Vec<Op>,
    depth: usize,
    variable: &'a mut dyn FnMut(&str) -> Result<usize, Vec<String>>,
}

impl<'a> Parser<'a> {
    /// What is left, without the spaces before it.
    fn rest(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    fn fault(&self, message: String) -> Fault {
        let column = 1 + self.text[..self.at].chars().count();
        Fault { column, message }
    }

    /// Goes over a sign or a word if it comes next.
    fn take(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let there = match word.starts_with(char::is_alphabetic) {
            true => name(rest) == word,
            false => rest.starts_with(word),
        };
        if there {
            self.at += word.len();
        }
        there
    }

    fn need(&mut self, word: &str) -> Result<(), Fault> {
        match self.take(word) {
            true => Ok(()),
            false => Err(match self.rest().chars().next() {
                Some(found) => self.fault(format!("`{found}` stands where `{word}` should")),
                None => self.fault(format!("it ends where `{word}` should stand")),
            }),
        }
    }

    /// What two-sided operators from a level on connect.
    fn level(&mut self, level: usize) -> Result<(), Fault> {
        let Some(operators) = OPERATORS.get(level) else {
            return self.signed();
        };
        self.level(level + 1)?;
        let mut found = 0;
        while let Some((_, apply)) = operators.iter().find(|(word, _)| self.take(word)) {
            found += 1;
            if level == COMPARISONS && found > 1 {
                let message = "one comparison cannot follow another; connect them by `and`";
                return Err(self.fault(message.to_owned()));
            }
            self.level(level + 1)?;
            self.ops.push(Op::Two(*apply));
        }
        Ok(())
    }

    /// A power with signs before it, which bind less: `-x^2` is `-(x^2)`.
    fn signed(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault(format!("more than {DEEPEST} parts inside each other")));
        }
        if self.take("-") {
            self.signed()?;
            self.ops.push(Op::One(|x| -x));
        } else if self.take("+") {
            self.signed()?;
        } else {
            self.atom()?;
            if self.take("^") {
                self.signed()?;
                self.ops.push(Op::Two(pow));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn atom(&mut self) -> Result<(), Fault> {
        if self.take("(") {
            self.level(0)?;
            return self.need(")");
        }
        let rest = self.rest();
        let name = name(rest);
        if !name.is_empty() {
            return self.named(name);
        }
        let length = number(rest);
        match rest[..length].parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.at += length;
                self.ops.push(Op::Number(number));
                Ok(())
            }
            Ok(_) => Err(self.fault(format!("`{}` is too large a number", &rest[..length]))),
            Err(_) => Err(match rest.chars().next() {
                None => self.fault("it ends where a number or a name should stand".to_owned()),
                Some(found) => {
                    self.fault(format!("`{found}` stands where a number or a name should"))
                }
            }),
        }
    }

    /// A function or a variable.
    fn named(&mut self, name: &'a str) -> Result<(), Fault> {
        let begin = self.at;
        self.at += name.len();
        if self.take("(") {
            self.at = begin;
            let function = FUNCTIONS.iter().find(|function| function.0 == name);
            let Some(Function(_, apply)) = function else {
                let hint = hint(name, FUNCTIONS.iter().map(|function| function.0));
                return Err(self.fault(format!("there is no function `{name}`; {hint}")));
            };
            self.at += name.len();
            self.need("(")?;
            return self.call(name, *apply);
        }
        if name == "pi" {
            self.ops.push(Op::Number(std::f64::consts::PI));
            return Ok(());
        }
        match (self.variable)(name) {
            Ok(index) => {
                self.ops.push(Op::Variable(index));
                Ok(())
            }
            Err(known) => {
                self.at = begin;
                if FUNCTIONS.iter().any(|function| function.0 == name) {
                    let message = format!(
                        "`{name}` is a function: its numbers stand in parentheses behind it"
                    );
                    return Err(self.fault(message));
                }
                let hint = hint(name, known.iter().map(String::as_str));
                Err(self.fault(format!("there is no number `{name}`; {hint}")))
            }
        }
    }

    fn call(&mut self, name: &str, apply: Apply) -> Result<(), Fault> {
        let mut given = 0;
        loop {
            self.level(0)?;
            given += 1;
            if let (Apply::Many(apply), true) = (apply, given > 1) {
                self.ops.push(Op::Two(apply));
            }
            if !self.take(",") {
                break;
            }
        }
        self.need(")")?;
        let (takes, fits) = match apply {
            Apply::One(_) => ("one number", given == 1),
            Apply::Two(_) => ("two numbers", given == 2),
            Apply::Three(_) => ("three numbers", given == 3),
            Apply::Many(_) => ("two numbers or more", given > 1),
        };
        if !fits {
            return Err(self.fault(format!("`{name}` takes {takes}, and {given} are given")));
        }
        match apply {
            Apply::One(apply) => self.ops.push(Op::One(apply)),
            Apply::Two(apply) => self.ops.push(Op::Two(apply)),
            Apply::Three(apply) => self.ops.push(Op::Three(apply)),
            Apply::Many(_) => {}
        }
        Ok(())
    }
}

/// The name at the beginning of a text.
fn name(text: &str) -> &str {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !text.starts_with(first) {
        return "";
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// The length of the number at the beginning of a text: digits, a point, an exponent.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if end > 0 && matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// Whether a text is a name that expressions can use.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && name(text) == text && !is_reserved(text)
}

/// Whether a name means something else in expressions.
pub(super) fn is_reserved(text: &str) -> bool {
    ["pi", "and", "or"].contains(&text)
}
