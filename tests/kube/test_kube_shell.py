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
        pytest.param("(a; b); c", [["c"]], id="a-shell-of-its-own"),
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


@pytest.mark.parametrize(
    "part", ["((`$(", '"$(" <<a\n', "&>", "<<", "if ", "'", '"', "$(", "\\\n", "a\\", "#", ">&", "{ "]
)
def test_any_text_is_read_in_one_pass(part):
    started = time.perf_counter()

    list(commands(part * 100_000))

    assert time.perf_counter() - started < 10
