//! XML that MuJoCo 3.3.7 takes though XML forbids it, and XML that it does not take; each was tried there.

use super::*;

const BODY: &str =
    "<worldbody><body name='b'><joint name='j'/><geom name='g' size='0.1'/></body></worldbody>";

fn pendulum(head: &str) -> String {
    format!("<mujoco model='m'>{head}{BODY}</mujoco>")
}

#[test]
fn what_mujoco_takes_is_taken_and_told() {
    let plain = pendulum("");
    let change = |from: &str, to: &str| plain.replacen(from, to, 1);
    let cases = [
        (
            pendulum("<!-- ------ legs ------ -->"),
            "a comment holds `--`",
        ),
        (pendulum("<!-- legs --->"), "a comment holds `--`"),
        (change("' size", "'size"), "no blank before an attribute"),
        (
            format!("{plain}<mujoco/>"),
            "after the end of the outermost",
        ),
        (
            format!("{plain} words <mujoco/>"),
            "after the end of the outermost",
        ),
        (
            format!("{plain}</mujoco> < words"),
            "after the end of the outermost",
        ),
        (
            format!("\n <?xml version='1.0'?>{plain}"),
            "blanks before the declaration",
        ),
        (
            format!("<!DOCTYPE mujoco SYSTEM 'm.dtd'>{plain}"),
            "no entities are read",
        ),
        (
            format!("<!DOCTYPE m [<!ENTITY a 'b'><!ENTITY c '&a;'>]>{plain}"),
            "no entities are read",
        ),
        (pendulum("<!ELEMENT x>"), "no entities are read"),
        (change("'m'", "'a & b'"), "begins no known reference"),
        (change("'m'", "'&b;'"), "begins no known reference"),
        (change("'m'", "'a < b'"), "a value holds `<`"),
        (
            pendulum("words & words"),
            "text between elements is passed over",
        ),
        (
            format!("words{plain}"),
            "text between elements is passed over",
        ),
        (
            change("<geom", "< geom"),
            "blanks stand between `<` and a name",
        ),
        (
            change("</body>", "< /body>"),
            "blanks stand between `<` and a name",
        ),
        (
            change("</body>", "</body name='b'>"),
            "an end tag has attributes",
        ),
        (format!("{plain}\0 words"), "after a byte 0"),
    ];
    for (xml, expected) in cases {
        let model = ok(&xml);
        assert_eq!((model.nq, model.geoms.size[0][0]), (1, 0.1), "{xml}");
        let told = |note: &String| note.starts_with("test.xml:") && note.contains(expected);
        assert!(model.notes.iter().any(told), "{:?} for {xml}", model.notes);
    }
}

#[test]
fn what_xml_allows_is_taken_without_a_word() {
    let plain = pendulum("");
    for xml in [
        plain.clone(),
        format!("\u{feff}<?xml version='1.0'?>\n{plain}\n<!-- words -->\n"),
        format!("<?xml version='1.0'?><?more?>{plain}"),
        pendulum("<![CDATA[ < & ]]>"),
        plain.replace('>', ">\r\n").replace("/>", " />"),
        plain.replace("size='0.1'", "size\n=\t\"0.1\""),
    ] {
        let model = ok(&xml);
        assert_eq!(model.nq, 1);
        assert_eq!(model.notes, [""; 0], "{xml}");
    }
}

#[test]
fn references_mean_characters() {
    let name = |text: &str| ok(&pendulum("").replace("'m'", &format!("'{text}'"))).name;
    assert_eq!(name("&lt;&gt;&amp;&quot;&apos;"), "<>&\"'");
    assert_eq!(name("&#65;&#x42;&#x20ac;"), "AB€");
    for kept in [
        "&#;", "&#x;", "&#xD800;", "&#-1;", "&LT;", "&lt", "&#65", "&#6x5;", "&",
    ] {
        assert_eq!(name(kept), kept);
    }
}

#[test]
fn faults_name_line_column_and_element() {
    let fault = |text: &str| {
        let xml = format!("<mujoco>\n <worldbody>\n  {text}\n </worldbody>\n</mujoco>");
        compile(&xml, "a.xml").unwrap_err().to_string()
    };
    for (text, expected) in [
        (
            "<geom size='1' size='1'/>",
            "a.xml:3: <geom>: attribute size stands twice (column 18)",
        ),
        (
            "<geom size=1/>",
            "a.xml:3: <geom>: attribute size needs a value in quotes, as in size=\"…\" (column 9)",
        ),
        (
            "<geom size/>",
            "a.xml:3: <geom>: attribute size needs a value",
        ),
        (
            "<geom 1='1'/>",
            "a.xml:3: <geom>: `1` stands where an attribute or `>` is expected",
        ),
        (
            "<geom>",
            "a.xml:4: <geom>: <geom> ends as </worldbody> (column 2)",
        ),
        (
            "</ geom>",
            "a.xml:3: <worldbody>: `<` begins no element; write &lt; for the sign (column 3)",
        ),
        (
            "<?xml?>",
            "a.xml:3: <worldbody>: a declaration <?…?> must come before all else (column 3)",
        ),
        (
            "<!-- ",
            "a.xml:3: <worldbody>: a comment <!-- has no end --> (column 3)",
        ),
        (
            "<![CDATA[",
            "a.xml:3: <worldbody>: a section <![CDATA[ has no end ]]> (column 3)",
        ),
        (
            "<geom size='1",
            "a.xml:3: <geom>: attribute size needs a value in quotes",
        ),
    ] {
        let found = fault(text);
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    for (xml, expected) in [
        (
            "<mujoco/>words",
            "there is text after the end of the outermost element (column 10)",
        ),
        ("words", "the text holds no element"),
        ("<mujoco>words", "<mujoco> has no end </mujoco> (column 1)"),
        ("<!-- words -->", "the text holds no element"),
        ("</mujoco>", "the text holds no element"),
        (
            "<mujoco/><mujoco>",
            "<mujoco> has no end </mujoco> (column 10)",
        ),
        (
            "<!-- a --><?xml version='1.0'?><mujoco/>",
            "must come before all else",
        ),
        ("<mujoco", "<mujoco>: the text ends inside a tag (column 8)"),
    ] {
        let found = compile(xml, "a.xml").unwrap_err().to_string();
        assert!(found.contains(expected), "{found}\n{expected}");
    }
}

#[test]
fn many_of_a_kind_are_one_note() {
    let model = ok(&pendulum(&"<!-- -- -->\n".repeat(100_000)));
    assert_eq!(
        model.notes,
        ["test.xml:1: <?xml>: a comment holds `--` (and 99999 more like this)"]
    );
}

#[test]
fn files_may_be_latin_1() {
    let folder = std::env::temp_dir().join(format!("envs-mjcf-latin-1-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("m.xml");
    let text = "<mujoco>\n<!-- Gelenk für Türen -->".to_owned() + BODY + "</mujoco>";
    let text = text.replace("'j'", "'Tür'");
    let latin1: Vec<u8> = text.chars().map(|c| c as u8).collect();
    std::fs::write(&path, latin1).unwrap();
    let model = load(&path).unwrap();
    assert_eq!(model.joints.name, ["Tür"]);
    assert_eq!(model.notes.len(), 1);
    assert!(
        model.notes[0].contains("m.xml:2: <?xml>: the text is not UTF-8 and is read as Latin-1")
    );
    std::fs::write(&path, text).unwrap();
    let model = load(&path).unwrap();
    assert_eq!(
        (model.joints.name, model.notes),
        (vec!["Tür".into()], Vec::new())
    );
    std::fs::write(&path, b"\xff\xfe<\0m\0").unwrap();
    assert!(
        load(&path)
            .unwrap_err()
            .to_string()
            .contains("save it as UTF-8")
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Signs of XML in any order: a model or an error, never a panic.
    #[test]
    fn any_signs_never_panic(words in prop::collection::vec(0..20_usize, 0..40)) {
        const WORDS: [&str; 20] = [
            "<", ">", "/", "<mujoco", "</mujoco>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!", "&", "&#",
            ";", "'", "\"", "a='1'", "é", " ",
        ];
        let xml: String = words.iter().map(|word| WORDS[*word]).collect();
        let _ = compile(&xml, "fuzz");
    }
}
