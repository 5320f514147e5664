use super::*;
use proptest::prelude::*;

const ESCAPE_DELAY: Duration = Duration::from_millis(100);

fn decoder() -> Decoder {
    Decoder::new(ESCAPE_DELAY)
}

/// What comes of these reads, without a pause between them and with one after.
fn decode(reads: &[&[u8]]) -> Vec<Input> {
    let mut decoder = decoder();
    let mut inputs: Vec<Input> = reads.iter().flat_map(|read| decoder.read(read)).collect();
    inputs.extend(decoder.silence());
    inputs
}

fn keys(keys: &[Key]) -> Vec<Input> {
    keys.iter().copied().map(Input::Key).collect()
}

fn typed(text: &str) -> Vec<Input> {
    text.chars().map(|char| Input::Key(Key::Char(char))).collect()
}

fn pasted(text: &str) -> Vec<Input> {
    vec![Input::Paste(text.to_owned())]
}

/// What the operator meant, whether it came as keys or as a paste.
fn flat(inputs: &[Input]) -> Vec<String> {
    let mut flat: Vec<String> = Vec::new();
    let mut after_text = false;
    for input in inputs {
        let (text, is_part) = match input {
            Input::Key(Key::Char(char)) => (char.to_string(), true),
            Input::Paste(text) => (text.clone(), true),
            Input::Key(key) => (format!("{key:?}"), false),
        };
        match flat.last_mut() {
            Some(last) if is_part && after_text => last.push_str(&text),
            _ => flat.push(text),
        }
        after_text = is_part;
    }
    flat
}

#[test]
fn every_terminal_has_its_arrows() {
    for (name, code, key) in [
        ("xterm", "\x1b[A", Key::Up),
        ("application", "\x1bOB", Key::Down),
        ("shift, xterm", "\x1b[1;2C", Key::Right),
        ("shift, rxvt", "\x1b[d", Key::Left),
        ("ctrl, rxvt", "\x1bOa", Key::Up),
        ("alt, rxvt", "\x1b\x1b[B", Key::Down),
        ("ctrl, putty", "\x1bOC", Key::Right),
    ] {
        assert_eq!(decode(&[code.as_bytes()]), keys(&[key]), "{name}");
    }
}

#[test]
fn every_terminal_has_its_editing_keys() {
    for (name, code, key) in [
        ("xterm", "\x1bOH", Key::Home),
        ("xterm", "\x1bOF", Key::End),
        ("xterm, normal cursor keys", "\x1b[H", Key::Home),
        ("xterm, normal cursor keys", "\x1b[F", Key::End),
        ("linux, screen, tmux, vt220", "\x1b[1~", Key::Home),
        ("linux, screen, tmux, vt220", "\x1b[4~", Key::End),
        ("rxvt", "\x1b[7~", Key::Home),
        ("rxvt", "\x1b[8~", Key::End),
        ("ctrl, rxvt", "\x1b[8^", Key::End),
        ("shift, rxvt", "\x1b[3$", Key::Delete),
        ("all", "\x1b[3~", Key::Delete),
        ("ctrl, xterm", "\x1b[3;5~", Key::Delete),
        ("all", "\x1b[5~", Key::PageUp),
        ("all", "\x1b[6~", Key::PageDown),
        ("xterm, vt100", "\x1bOP", Key::F1),
        ("xterm, shift", "\x1b[1;2P", Key::F1),
        ("linux", "\x1b[[A", Key::F1),
        ("rxvt", "\x1b[11~", Key::F1),
        ("xterm", "\x1b[Z", Key::BackTab),
        ("linux", "\x1b\t", Key::BackTab),
        ("vt100 keypad", "\x1bOM", Key::Enter),
    ] {
        assert_eq!(decode(&[code.as_bytes()]), keys(&[key]), "{name}");
    }
}

#[test]
fn control_bytes_are_keys() {
    for (byte, key) in [
        (b"\r", Key::Enter),
        (b"\n", Key::Enter),
        (b"\t", Key::Tab),
        (b"\x08", Key::Backspace),
        (b"\x7f", Key::Backspace),
        (b"\x03", Key::Ctrl('c')),
        (b"\x1a", Key::Ctrl('z')),
    ] {
        assert_eq!(decode(&[byte]), keys(&[key]));
    }
}

#[test]
fn nothing_is_made_of_what_nobody_asked_for() {
    for (name, bytes) in [
        ("Ctrl-S and Ctrl-Q", "\x13\x11"),
        ("Ctrl-Space, Ctrl-4, Ctrl-7", "\0\x1c\x1f"),
        ("Alt-x", "\x1bx"),
        ("Alt-ü", "\x1bü"),
        ("Alt-Enter", "\x1b\r"),
        ("F5", "\x1b[15~"),
        ("Insert", "\x1b[2~"),
        ("F2 of the Linux console", "\x1b[[B"),
        ("focus", "\x1b[I\x1b[O"),
        ("mouse", "\x1b[M !!"),
        ("mouse, SGR", "\x1b[<0;12;7M\x1b[<0;12;7m"),
        ("where the cursor is", "\x1b[24;80R"),
        ("what the terminal is", "\x1b[?62;1;6c\x1b[>1;10;0c"),
        ("a mode", "\x1b[?2026;2$y"),
        ("a colour", "\x1b]11;rgb:0000/0000/0000\x1b\\"),
        ("a colour, xterm", "\x1b]11;rgb:0000/0000/0000\x07"),
        ("a version", "\x1bP>|XTerm(390)\x1b\\"),
        ("a key of the kitty protocol", "\x1b[97;5u"),
        ("a stray end of a paste", "\x1b[201~"),
        ("an endless sequence", "\x1b[1111111111111111111111111111111~"),
    ] {
        assert_eq!(decode(&[bytes.as_bytes()]), [], "{name}");
    }
}

#[test]
fn a_carriage_return_and_its_line_feed_are_one_enter() {
    assert_eq!(decode(&[b"\r\n"]), keys(&[Key::Enter]));
    assert_eq!(decode(&[b"\r", b"\n"]), keys(&[Key::Enter]));
    assert_eq!(decode(&[b"\n\n"]), keys(&[Key::Enter, Key::Enter]));
}

#[test]
fn a_line_feed_after_a_pause_is_an_enter_of_its_own() {
    let mut decoder = decoder();
    assert_eq!(decoder.read(b"\r"), keys(&[Key::Enter]));
    assert_eq!(decoder.silence(), []);
    assert_eq!(decoder.read(b"\n"), keys(&[Key::Enter]));
}

#[test]
fn an_arrow_split_after_escape_is_an_arrow() {
    assert_eq!(decode(&[b"\x1b", b"[", b"A"]), keys(&[Key::Up]));
    assert_eq!(decode(&[b"\x1b", b"O", b"P"]), keys(&[Key::F1]));
}

#[test]
fn escape_is_held_for_its_delay_and_no_longer() {
    let mut decoder = decoder();
    assert_eq!(decoder.read(b"\x1b"), []);
    assert_eq!(decoder.patience(), Some(ESCAPE_DELAY));
    assert_eq!(decoder.silence(), keys(&[Key::Esc]));
    assert_eq!(decoder.patience(), None);
    assert_eq!(decoder.read(b"["), typed("["));
}

#[test]
fn escape_twice_is_escape_twice() {
    assert_eq!(decode(&[b"\x1b\x1b"]), keys(&[Key::Esc, Key::Esc]));
}

#[test]
fn the_tail_of_an_arrow_may_be_later_than_that_of_an_escape() {
    let mut decoder = decoder();
    decoder.read(b"\x1b[");
    assert_eq!(decoder.patience(), Some(STALL));
    assert_eq!(decoder.silence(), []);
    assert_eq!(decoder.read(b"x"), typed("x"));
}

#[test]
fn a_key_within_a_broken_sequence_still_counts() {
    assert_eq!(decode(&[b"\x1b[1;\x03"]), keys(&[Key::Ctrl('c')]));
    assert_eq!(decode(&[b"\x1b]0;\x1b[A"]), keys(&[Key::Up]));
    assert_eq!(decode(&[b"\x1b[[\x03"]), keys(&[Key::Ctrl('c')]));
    assert_eq!(decode(&[b"\x1bO\x03"]), keys(&[Key::Ctrl('c')]));
}

#[test]
fn a_character_may_be_split_anywhere() {
    assert_eq!(decode(&[b"\xc3", b"\xbc"]), typed("ü"));
    assert_eq!(decode(&[b"\xf0\x9f", b"\x98", b"\x80"]), typed("😀"));
}

#[test]
fn bytes_that_are_no_character_are_dropped() {
    for bytes in [&b"a\xffb"[..], b"a\xc3b", b"a\x80b", b"a\xf4\x90b", b"a\xc2\x9bb"] {
        assert_eq!(decode(&[bytes]), typed("ab"), "{bytes:?}");
    }
}

#[test]
fn a_paste_is_one_input_and_presses_no_enter() {
    for paste in ["https://a.example/", "https://a.example/\r", "https://a.example/\r\n\n"] {
        let bytes = format!("\x1b[200~{paste}\x1b[201~");
        assert_eq!(decode(&[bytes.as_bytes()]), pasted("https://a.example/"), "{paste:?}");
    }
}

#[test]
fn lines_within_a_paste_are_kept() {
    assert_eq!(decode(&[b"\x1b[200~one\rtwo\r\nthree\n\x1b[201~"]), pasted("one\ntwo\nthree"));
}

#[test]
fn a_paste_has_no_control_characters() {
    assert_eq!(decode(&[b"\x1b[200~a\x1b[31mb\t\x00\xffc\xc2\x85\x1b[201~"]), pasted("a[31mbc"));
}

#[test]
fn a_paste_whose_end_is_lost_ends_with_what_came() {
    let mut decoder = decoder();
    assert_eq!(decoder.read(b"\x1b[200~abc"), []);
    assert_eq!(decoder.patience(), Some(STALL));
    assert_eq!(decoder.silence(), pasted("abc"));
    assert_eq!(decoder.read(b"\x03"), keys(&[Key::Ctrl('c')]));
}

#[test]
fn ctrl_c_alone_leaves_an_open_paste() {
    let mut decoder = decoder();
    decoder.read(b"\x1b[200~abc");
    assert_eq!(decoder.read(b"\x03"), [pasted("abc"), keys(&[Key::Ctrl('c')])].concat());
}

#[test]
fn the_end_of_a_paste_may_be_split_anywhere() {
    assert_eq!(
        decode(&[b"\x1b[200~ab\x1b", b"[20", b"1~", b"c"]),
        [pasted("ab"), typed("c")].concat()
    );
}

#[test]
fn a_paste_without_end_takes_no_memory() {
    let mut decoder = decoder();
    decoder.read(b"\x1b[200~");
    for _ in 0..1000 {
        decoder.read(&[b'x'; 1024]);
    }
    assert_eq!(decoder.read(b"\x1b[201~"), pasted(&"x".repeat(16 * 1024)));
}

#[test]
fn a_line_faster_than_hands_is_a_paste() {
    assert_eq!(decode(&[b"https://a.example/\r"]), pasted("https://a.example/"));
    assert_eq!(decode(&[b"https://a.example/", b"\r"]), pasted("https://a.example/"));
    assert_eq!(decode(&[b"first line\r\nsecond\r\n"]), pasted("first line\nsecond"));
}

#[test]
fn a_short_word_and_enter_were_typed() {
    assert_eq!(decode(&[b"12345678\r"]), [typed("12345678"), keys(&[Key::Enter])].concat());
}

#[test]
fn a_line_and_an_enter_after_a_pause_were_not_pasted() {
    let mut decoder = decoder();
    assert_eq!(decoder.read(b"https://a.example/"), []);
    assert_eq!(decoder.patience(), Some(BURST));
    assert_eq!(decoder.silence(), pasted("https://a.example/"));
    assert_eq!(decoder.read(b"\r"), keys(&[Key::Enter]));
}

#[test]
fn a_paste_that_trickles_in_presses_no_enter() {
    let bytes = b"https://a.example/\rsecond\r".map(|byte| [byte]);
    let reads: Vec<&[u8]> = bytes.iter().map(<[u8; 1]>::as_slice).collect();
    assert_eq!(decode(&reads), [typed("https://a.example/"), pasted("\nsecond")].concat());
}

#[test]
fn a_typed_character_waits_for_nothing() {
    let mut decoder = decoder();
    for char in "https://ops.example.com/kestra/".chars() {
        assert_eq!(decoder.read(char.to_string().as_bytes()), typed(&char.to_string()));
    }
}

#[test]
fn debug_shows_nothing_of_a_paste() {
    assert_eq!(format!("{:?}", pasted("hunter2")), "[Paste(7 bytes)]");
}

/// What arrives within the delays: keys, characters and pastes, whole.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        "[a-z0-9 äß漢😀]{1,20}".prop_map(String::into_bytes),
        "\x1b\\[([0-9]{1,2}(;[0-9])?)?[A-HPZ~]".prop_map(String::into_bytes),
        "\x1bO[A-HP]|\x1b\\[\\[A|[\r\n\t\x7f\x01\x05]".prop_map(String::into_bytes),
        "\x1b\\[200~[a-z\r\n\x1b\\[äß]{0,30}\x1b\\[201~".prop_map(String::into_bytes),
        "\x1b\\][0-9a-z;]{0,9}(\x07|\x1b\\\\)".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_in_no_pieces_stop_it(reads in prop::collection::vec(any::<Vec<u8>>(), 0..20), pauses in any::<u32>()) {
        let mut decoder = decoder();
        for (index, read) in reads.iter().enumerate() {
            decoder.read(read);
            if pauses >> index & 1 == 1 {
                decoder.silence();
            }
        }
        decoder.silence();
        prop_assert_eq!(decoder.patience(), None);
    }

    #[test]
    fn how_bytes_are_split_changes_nothing(bytes in pieces(), cuts in prop::collection::vec(0_usize..200, 0..20)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let reads: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(flat(&decode(&reads)), flat(&decode(&[&bytes])));
    }
}
