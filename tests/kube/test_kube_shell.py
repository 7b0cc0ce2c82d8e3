"""A script is read for the commands that run whatever happens, and for the words that nothing replaces."""

import time

import pytest

from aksrdma.kube.shell import commands


def said(script):
    """Return the commands of a script, with a ~ behind a word that the shell replaces in part."""
    return [[word.text + ("" if word.certain else "~") for word in command] for command in commands(script)]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param("a b\nc", [["a", "b"], ["c"]], id="a-line-each"),
        pytest.param("a; b & c | d", [["a"], ["b"], ["c"], ["d"]], id="operators"),
        pytest.param("a && b", [["a"], ["b"]], id="one-after-the-other"),
        pytest.param("a || b", [["a"]], id="one-instead-of-the-other"),
        pytest.param("a || b && c\nd", [["a"], ["d"]], id="what-comes-after-an-alternative"),
        pytest.param('[ -n "$X" ] && b; c', [["[", "-n", "~", "]"], ["c"]], id="after-a-question"),
        pytest.param("test x && a && b; c", [["test", "x"], ["c"]], id="all-that-follows-a-question"),
        pytest.param("if a; then b; else c; fi; d", [["d"]], id="a-branch"),
        pytest.param("while a; do b; done\nuntil c\ndo d\ndone; e", [["e"]], id="loops"),
        pytest.param("for x in 1 2; do if a; then b; fi; done; c", [["c"]], id="within-each-other"),
        pytest.param("case x in a) b;; esac; c", [["c"]], id="cases"),
        pytest.param("case $x in\n(a) b;;\nc|d) if e; then f; fi;; esac\ng", [["g"]], id="cases-with-branches"),
        pytest.param("(a; if b; then c; fi); (d)); e", [["e"]], id="parentheses-that-close-nothing"),
        pytest.param("f() { a; }; b", [["b"]], id="a-function"),
        pytest.param("f()\n{ a; }; b", [["b"]], id="a-function-whose-body-is-on-a-line-of-its-own"),
        pytest.param("function f { a; }; b", [["b"]], id="a-function-by-its-word"),
        pytest.param("(a; b); c", [["c"]], id="a-shell-of-its-own"),
        pytest.param("{ a; b; } | c; d", [["a"], ["b"], ["c"], ["d"]], id="a-group"),
        pytest.param("if a; then { b; }; fi; c", [["c"]], id="a-group-in-a-branch"),
        pytest.param("test x && { a; b; }; c", [["test", "x"], ["c"]], id="a-group-behind-a-question"),
        pytest.param("a || { b; c; }; d", [["a"], ["d"]], id="a-group-instead"),
        pytest.param("{ if a; then b; fi; c; }; d", [["c"], ["d"]], id="a-branch-in-a-group"),
        pytest.param("echo if then", [["echo", "if", "then"]], id="words-of-the-shell-as-arguments"),
        pytest.param("'if' a", [], id="a-quoted-word-of-the-shell-is-taken-for-one"),
        pytest.param("a # b\nc#d", [["a"], ["c#d"]], id="comments"),
        pytest.param("a \\\n  b", [["a", "b"]], id="a-line-that-goes-on"),
        pytest.param("""a 'b c' "d e" f\\ g""", [["a", "b c", "d e", "f g"]], id="quotes"),
        pytest.param("""a 'x\\y' "p\\"q\\z" """, [["a", "x\\y", 'p"q\\z']], id="escapes"),
        pytest.param("""a x'y'"z" ''""", [["a", "xyz", ""]], id="parts-of-one-word"),
        pytest.param('a X=$Y "b${C}d" `e f` $(g h)i', [["a", "X=~", "b~", "~", "~"]], id="what-is-replaced"),
        pytest.param("a '$X' \\$Y \"\\$Z\"", [["a", "$X", "$Y", "$Z"]], id="dollars-that-are-none"),
        pytest.param("a $(b $(c) d) e", [["a", "~", "e"]], id="substitutions-within-each-other"),
        pytest.param("a > f 2>&1 b < g >> h", [["a", "b"]], id="redirections"),
        pytest.param("a &> f b", [["a", "b"]], id="both-streams"),
        pytest.param("a 2 >f", [["a", "2"]], id="a-number-that-is-a-word"),
        pytest.param("cat <<EOF > f\nexport X=1\nEOF\na", [["cat"], ["a"]], id="a-here-document"),
        pytest.param("cat <<-'E'\n\tx\n\tE\na", [["cat"], ["a"]], id="an-indented-one"),
        pytest.param("cat <<A <<B\nx\nA\ny\nB\na", [["cat"], ["a"]], id="two-of-them"),
        pytest.param("cat <<A\nx", [["cat"]], id="one-without-an-end"),
        pytest.param("a 'b", [["a", "b"]], id="a-quote-without-an-end"),
        pytest.param('a "b', [["a", "b"]], id="a-double-quote-without-an-end"),
        pytest.param("a $(b", [["a", "~"]], id="a-substitution-without-an-end"),
        pytest.param("a \\", [["a", ""]], id="an-escape-of-nothing"),
        pytest.param("}; done; a", [["a"]], id="ends-of-nothing"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_a_script_runs(script, found):
    assert said(script) == found


KNOWN = {"A": "1", "B": "x y", "E": "", "U": None}


@pytest.mark.parametrize(
    ("script", "all_known", "found"),
    [
        pytest.param("a X=$A Y=${A}2", True, ["a", "X=1", "Y=12"], id="known-ones"),
        pytest.param("a $B '$B'", True, ["a", "x", "y", "$B"], id="one-of-two-words"),
        pytest.param('a p"$B"s', True, ["a", "px ys"], id="quoted-words-stay-one"),
        pytest.param("a p${B}s", True, ["a", "px", "ys"], id="words-that-join-others"),
        pytest.param("a $E b", True, ["a", "", "b"], id="an-empty-one"),
        pytest.param("a X=${C:-2} Y=${C-3} Z=${C:=4} W=${A:-5}", True, ["a", "X=2", "Y=3", "Z=4", "W=1"], id="instead"),
        pytest.param("a X=${C:-2}", False, ["a", "X=~"], id="instead-of-what-may-be-set"),
        pytest.param("a X=${U:-2} Y=$U", True, ["a", "X=~", "Y=~"], id="what-is-set-to-nobody-knows-what"),
        pytest.param("a $C ${C}", True, ["a", "~", "~"], id="one-that-may-be-set-elsewhere"),
        pytest.param("a ${A%x} ${#A} ${A:+1} $1 $$ $(b) $((1)) `c`", True, ["a", *["~"] * 8], id="other-expansions"),
        pytest.param("a ${C:-$A}", True, ["a", "~"], id="an-expansion-instead"),
    ],
)  # fmt: skip
def test_variables_stand_for_their_values(script, all_known, found):
    (command,) = commands(script)
    words = [one for word in command for one in word.expanded(KNOWN, all_known=all_known)]

    assert [word.text + ("" if word.certain else "~") for word in words] == found


@pytest.mark.parametrize(("letters", "certain"), [(2048, True), (2049, False)])
def test_a_word_does_not_grow_without_end(letters, certain):
    (command,) = commands('$A"$A"')

    assert [one.certain for one in command[0].expanded({"A": "x" * letters}, all_known=True)] == [certain]


@pytest.mark.parametrize(
    "part",
    [
        "((`$(",
        '"$(" <<a\n',
        "&>",
        "<<",
        "if ",
        "'",
        '"',
        "$(",
        "\\\n",
        "a\\",
        "#",
        ">&",
        "{ ",
        "${a",
        "$a",
        "{ a\n",
        "f() { ",
    ],
)
def test_any_text_is_read_in_one_pass(part):
    started = time.perf_counter()

    list(commands(part * 100_000))

    assert time.perf_counter() - started < 10
