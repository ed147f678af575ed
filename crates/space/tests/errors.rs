//! Every refusal names the line, what stands there and what to do.

use crate::support::parse_with;
use toml::Value;

/// What is said of a document whose `[space]` is in line 1, with the fixed
/// values `train.optimizer = "sgd"` and `train.epochs = 10`.
fn error(text: &str) -> String {
    let fixed = [
        ("train.optimizer", Value::String("sgd".to_owned())),
        ("train.epochs", Value::Integer(10)),
    ];
    match parse_with(text, &fixed) {
        Ok(space) => panic!("accepted, with {} points:\n{text}", space.count()),
        Err(error) => error.to_string(),
    }
}

/// Checks line and parts of the message of each text.
fn check(cases: &[(&str, usize, &[&str])]) {
    for (text, line, parts) in cases {
        let said = error(text);
        let place = format!("s.toml, line {line}: ");
        assert!(
            said.starts_with(&place),
            "expected {place}in: {said}\nof:\n{text}"
        );
        for part in *parts {
            assert!(
                said.contains(part),
                "expected {part} in: {said}\nof:\n{text}"
            );
        }
    }
}

/// Checks domains of the key `a.b` in line 3.
fn check_domains(cases: &[(&str, &[&str])]) {
    for (domain, parts) in cases {
        let text = format!("[space]\na.a = [1, 2]\na.b = {domain}\na.c = [1, 2]\n");
        check(&[(&text, 3, &["a.b"]), (&text, 3, parts)]);
    }
}

#[test]
fn what_is_no_space() {
    check(&[
        ("[space]\na.a = [1, 2\n", 2, &["array"]),
        ("[train]\nepochs = 1\n", 1, &["table is missing", "[space]"]),
        ("\n[space]\n", 2, &["no key"]),
        ("\nspace = 1\n", 2, &["no key"]),
        (
            "[space]\na.a = [1]\nb = [1]\n",
            3,
            &["`b` stands alone", "section.key"],
        ),
        (
            "[space]\n\"a.b\" = [1]\n",
            2,
            &["`a.b` stands in quotes", "without quotes"],
        ),
    ]);
}

#[test]
fn a_domain_that_is_none() {
    check_domains(&[
        ("1", &["`1` is a single value", "outside [space]"]),
        ("{}", &["no values are given", "range"]),
        ("{ points = 3 }", &["no values are given"]),
        (
            "{ rnge = [0, 1], points = 3 }",
            &["`a.b.rnge`", "did you mean `range`"],
        ),
        (
            "{ range = [0, 1], point = 3 }",
            &["`a.b.point`", "did you mean `points`"],
        ),
        (
            "{ range = [0, 1], log = [1, 2], points = 3 }",
            &["range and log stand side by side"],
        ),
        (
            "{ values = [1], int = [1, 2] }",
            &["values and int stand side by side"],
        ),
        (
            "{ values = [1], points = 2 }",
            &["`points` does not go with values", "only when"],
        ),
        (
            "{ range = [0, 1], step = 1 }",
            &["`step` does not go with range", "only points, when"],
        ),
        (
            "{ int = [0, 4], points = 2 }",
            &["`points` does not go with int", "only log, step, when"],
        ),
        (
            "{ int = [1, 4], log = true, points = 2, step = 1 }",
            &["`step` does not go with int with log = true"],
        ),
        (
            "{ int = [1, 4], log = 1 }",
            &["`log` beside int is no boolean"],
        ),
    ]);
}

#[test]
fn a_list_that_does_not_serve() {
    check_domains(&[
        ("[]", &["the list is empty", "at least one value"]),
        ("{ values = [] }", &["the list is empty"]),
        ("{ values = 1 }", &["`values` is no list"]),
        ("[1, 2, 1]", &["1 stands there twice"]),
        ("[1, 1.0]", &["1.0 stands there twice"]),
        (
            "[[\"head\"], [\"head\"]]",
            &["[\"head\"] stands there twice"],
        ),
        ("[1.0, nan]", &["nan is not finite"]),
        ("[[inf]]", &["is not finite"]),
        ("[2020-01-01]", &["is a date"]),
    ]);
}

#[test]
fn ends_and_points_that_do_not_serve() {
    check_domains(&[
        (
            "{ range = [1, 0], points = 3 }",
            &["first end, 1, is above the second, 0"],
        ),
        ("{ range = [0, inf], points = 3 }", &["two finite numbers"]),
        (
            "{ range = [0, 1, 2], points = 3 }",
            &["[0, 1, 2]", "two finite numbers"],
        ),
        ("{ range = 1, points = 3 }", &["the ends are 1"]),
        (
            "{ range = [\"a\", \"b\"], points = 3 }",
            &["two finite numbers"],
        ),
        ("{ range = [0, 1] }", &["`points` is missing"]),
        (
            "{ range = [0, 1], points = 1 }",
            &["points = 1 between distinct ends", "2 to"],
        ),
        (
            "{ range = [0, 1], points = 0 }",
            &["points = 0", "at least 1"],
        ),
        (
            "{ range = [0, 1], points = 2.0 }",
            &["points = 2.0", "integer"],
        ),
        (
            "{ range = [0, 1], points = 1000000 }",
            &["points = 1000000", "2 to 100000"],
        ),
        (
            "{ range = [1, 1], points = 2 }",
            &["points = 2 between equal ends", "expected 1"],
        ),
        (
            "{ range = [1.0, 1.0000000000001], points = 9 }",
            &["too close for 9 points"],
        ),
        (
            "{ log = [0, 1], points = 3 }",
            &["low end of `log` is 0", "above 0"],
        ),
        ("{ log = [-1, 1], points = 3 }", &["low end of `log` is -1"]),
        ("{ int = [0.5, 2] }", &["two integers"]),
        ("{ int = [2, 1] }", &["first end, 2, is above"]),
        (
            "{ int = [64, 500], step = 64 }",
            &["steps of 64 from 64 do not lead to 500", "448"],
        ),
        ("{ int = [0, 4], step = 0 }", &["step = 0", "at least 1"]),
        ("{ int = [0, 100000] }", &["100001 values", "larger step"]),
        (
            "{ int = [0, 8], log = true, points = 3 }",
            &["low end of `int` is 0", "above 0"],
        ),
        ("{ int = [1, 8], log = true }", &["`points` is missing"]),
    ]);
}

#[test]
fn a_line_within_a_domain_of_several_lines_is_that_of_the_mistake() {
    check(&[
        (
            "[space]\na.a = [\n  1,\n  2,\n  1,\n]\n",
            5,
            &["a.a", "1 stands there twice"],
        ),
        (
            "[space.a.b]\nrange = [0, 1]\npoints = 1\n",
            3,
            &["a.b", "points = 1"],
        ),
        (
            "[space.a.b]\nrange = [0, 1]\npoints = 2\nstepp = 1\n",
            4,
            &["did you mean `step`"],
        ),
        (
            "[space.a.b]\nvalues = [1]\n[space.a.b.when.c]\nd = 1\n",
            4,
            &["`c.d`"],
        ),
    ]);
}

#[test]
fn a_when_that_makes_no_sense() {
    let with = |when: &str| {
        format!(
            "[space]\na.a = [1, 2]\na.list = [[1], [2]]\na.b = {{ values = [1, 2], when = {when} }}\n"
        )
    };
    let cases: [(&str, &[&str]); 14] = [
        ("{}", &["`when` names no key"]),
        ("1", &["`when` names no key"]),
        ("{ a = 1 }", &["a.b: `a` stands alone"]),
        ("{ a.aa = 1 }", &["`a.aa`", "did you mean `a.a`"]),
        (
            "{ train.optimiser = \"sgd\" }",
            &["`train.optimiser`", "did you mean `train.optimizer`"],
        ),
        ("{ a.a = 3 }", &["a.b: a.a is never 3", "takes: 1, 2"]),
        ("{ a.a = [1, 3] }", &["a.a is never 3"]),
        ("{ a.a = { min = 3 } }", &["a.a is never { min = 3 }"]),
        ("{ a.a = [] }", &["a.a is compared with []"]),
        (
            "{ a.a = {} }",
            &["a.a is compared with nothing", "min, max or both"],
        ),
        (
            "{ a.a = { min = 2, max = 1 } }",
            &["at least 2 and at most 1"],
        ),
        ("{ a.a = { mn = 2 } }", &["`mn`", "did you mean `min`"]),
        ("{ a.list = [1] }", &["a.list is never 1", "[[…]]"]),
        (
            "{ train.optimizer = \"adamw\" }",
            &["a.b would never be searched", "it is \"sgd\" in all points"],
        ),
    ];
    for (when, parts) in cases {
        check(&[(&with(when), 4, parts)]);
    }
    check(&[(
        &with("{ a.a = { min = \"x\" } }"),
        4,
        &["min of a.a is \"x\"", "finite number"],
    )]);
}

#[test]
fn conditions_that_wait_for_each_other() {
    check(&[
        (
            "[space]\nz.z = [1]\na.a = { values = [1], when = { b.b = 1 } }\n\
             b.b = { values = [1], when = { c.c = 1 } }\nc.c = { values = [1], when = { b.b = 1 } }\n",
            4,
            &["b.b → c.c → b.b"],
        ),
        (
            "[space]\na.a = { values = [1], when = { a.a = 1 } }\n",
            2,
            &["a.a → a.a"],
        ),
    ]);
}

#[test]
fn conditions_that_are_never_met_together() {
    check(&[(
        "[space]\na.a = [1, 2]\nb.b = { values = [1, 2], when = { a.a = 1 } }\n\
         c.c = { values = [1, 2], when = { a.a = 2, b.b = 1 } }\n",
        4,
        &["c.c would never be searched", "no point meets its `when`"],
    )]);
    check(&[(
        "[space]\na.a = [1, 2]\nb.b = { values = [1, 2], when = { a.a = 1 } }\n[[exclude]]\na.a = 1\n",
        3,
        &["b.b would never be searched", "the excludes leave no point"],
    )]);
}

#[test]
fn an_exclude_that_makes_no_sense() {
    let with = |exclude: &str| {
        format!(
            "[space]\na.a = [1, 2]\nb.b = {{ values = [1, 2], when = {{ a.a = 1 }} }}\n\n\
             [[exclude]]\na.a = 1\nb.b = 1\n\n{exclude}"
        )
    };
    let cases: [(&str, usize, &[&str]); 11] = [
        (
            "[[exclude]]\n",
            9,
            &["exclude: it names no key", "section.key"],
        ),
        ("[[exclude]]\nb = 1\n", 10, &["`b` stands alone"]),
        (
            "[[exclude]]\nb.c = 1\n",
            10,
            &["`b.c`", "did you mean `b.b`"],
        ),
        (
            "[[exclude]]\na.a = 1\nb.b = 5\n",
            11,
            &["b.b is never 5", "takes: 1, 2"],
        ),
        (
            "[[exclude]]\na.a = 2\nb.b = 1\n",
            9,
            &["matches no point of the grid"],
        ),
        ("[[exclude]]\na.a = [1, 2]\n", 9, &["matches every point"]),
        (
            "[[exclude]]\ntrain.epochs = 10\n",
            9,
            &["matches every point"],
        ),
        (
            "[[exclude]]\na.a = 1\ntrain.epochs = { max = 5 }\n",
            9,
            &[
                "matches no point",
                "train.epochs = { max = 5 }, which is 10 in all points",
            ],
        ),
        (
            "[[exclude]]\na.a = 1\nb.b = 2\n[[exclude]]\na.a = 2\n",
            12,
            &["together match every point"],
        ),
        (
            "[[exclude]]\na.a = { min = nan }\n",
            10,
            &["min of a.a is nan"],
        ),
        ("[[exclude]]\na.a = inf\n", 10, &["compared with [inf]"]),
    ];
    for (exclude, line, parts) in cases {
        check(&[(&with(exclude), line, parts)]);
    }
    check(&[
        (
            "[space]\na.a = [1]\n[exclude]\na.a = 1\n",
            3,
            &["exclude: it is no list", "[[exclude]]"],
        ),
        (
            "exclude = [1]\n[space]\na.a = [1]\n",
            1,
            &["exclude: it is no table"],
        ),
        (
            "exclude = [\n{ a.a = 1 },\n{}]\n[space]\na.a = [1, 2]\n",
            3,
            &["it names no key"],
        ),
    ]);
}
