"""NodeFeatureRules and features of nodes, made up at random."""

from __future__ import annotations

import random
from typing import Any

from aksrdma.kube.node_features import Features, Instance

NAMES = ["a", "b-1", "Avx512", "x.y", "class", "vendor", "device", "present", "full", "major", "0", "", "no", "yes"]
VALUES = ["true", "false", "0207", "0200", "15b3", "101c", "101e", "1018", "10", "9", "007", "-3", "+5", "6.5.0-1025-azure", "v1.2.3",
    "1.2", "1.10", "1.2.3-rc.1", "1.02", "1.2.3-01", "", "a b", "Straße", "ß", "99999999999999999999", "9223372036854775807", "x=y", "yes",
    "a.b-c_d", "@cpu.model.family", "@rule.matched.a", "{{", "<&>'\""]  # fmt: skip
FEATURES = ["cpu.cpuid", "kernel.version", "pci.device", "cpu.model", "rule.matched", "local.label", "multi.type", "none.such",
    "PCI.device", "kernel.Version", "plain", "three.of.them"]  # fmt: skip
OPERATORS = [
    "In",
    "In",
    "In",
    "NotIn",
    "InRegexp",
    "Exists",
    "DoesNotExist",
    "Gt",
    "Lt",
    "GtLt",
    "Ge",
    "Le",
    "GeLe",
    "IsTrue",
    "IsFalse",
]
PATTERNS = ["^101[ce]$", "1", "^$", "a|b", "(?i)AVX", "[[:digit:]]+", "^[^0-9]*$", "\\d{3,}", "^v?1\\.", "(a*)*b", ".", "^(15b3|10de)$", "\\bx",
    "[a-c]+-", "ß", "\\pL", "(?s).", "\\.y$", "^\\+", "x*?y", "(0|2)+7", "\\Q1.2\\E", "[^\\d]", "\\S\\s", "a{0}", "()"]  # fmt: skip
BAD_PATTERNS = ["(", "(?=a)", "a**", "[z-a]", "\\1"]
LABELS = ["a", "b", "x.y", "feature.node.kubernetes.io/a", "example.com/b", "kubernetes.io/c", "vendor.feature.node.kubernetes.io/d",
    "profile.node.kubernetes.io/e", "sub.profile.node.kubernetes.io/e", "bad key", "node.kubernetes.io/f", "/g", "a/b/c",
    "long" * 20, "UP.example/h"]  # fmt: skip
LITERALS = ["a=1", "b=", "x.y=@cpu.model.family", "no value", " c = d ", "", "=e", "a=b=c", "bad key=1"]


IDS = {
    "class": ["0207", "0200", "0302", "1200", "0108", "0280", "0604"],
    "vendor": ["15b3", "10de", "1002", "1414", "144d", "8086"],
    "device": ["101c", "101e", "1018", "1004", "1016", "101a", "00ba", "74b5", "2330", "b111"],
    "subsystem_vendor": ["15b3", "0000"],
    "subsystem_device": ["0190", "0001"],
    "sriov_totalvfs": ["16"],
    "iommu_group/type": ["DMA"],
}
"""Attributes of PCI devices, and values that they may have."""
ID_PATTERNS = ["^101[ce]$", "^10", "^02", "e$", "15b3|10de", "^(0207|0302)$", ".", "^[0-9]+$", "x"]


class Dice(random.Random):
    """Makes up what is asked."""

    def of_size(self, features: Features, newer: bool) -> dict[str, Any]:
        """Return NodeFeatureRules about PCI devices, and what a node may show of which some features are known.

        Args:
            features: what is known of the node.
            newer: whether to use what v0.18 brought.
        """
        self.pci = True
        rules = [self.rule(newer) for _ in range(self.randrange(1, 4))]
        self.pci = False
        objects = [{"metadata": {"name": "a"}, "spec": {"rules": rules}}]
        made = self.features()
        for kind in made.values():
            kind.pop("pci.device", None)
            kind.pop("rule.matched", None)
        made["instances"]["pci.device"] = {
            "elements": [
                {"attributes": self.device(one)}
                for one in features.instances["pci.device"]
                if one.there or self.random() < 0.4
            ]
        }
        return {"objects": objects, "features": made, "times": 40}

    pci = False
    """Whether rules are about PCI devices, and what else a size does not tell."""

    def device(self, known: Instance) -> dict[str, str]:
        """Return attributes of a PCI device of which some are known."""
        made = {}
        for name, seen in known.every.items():
            if isinstance(seen, str):
                made[name] = seen
            elif seen.there or self.random() < 0.3:
                values = seen.values or [one for one in IDS.get(name, ["1"]) if one not in seen.never] or ["ffff"]
                made[name] = self.choice(values)
        return made

    def pci_term(self, newer: bool) -> dict[str, Any]:
        """Return a term about PCI devices."""
        names = self.sample(["class", "vendor", "device", *IDS, "nothing"], self.choice([1, 1, 2, 2, 3]))
        made: dict[str, Any] = {"feature": "pci.device", "matchExpressions": {}}
        for name in names:
            operator = self.choice(
                ["In", "In", "In", "In", "NotIn", "InRegexp", "Exists", "DoesNotExist", "Gt", "IsTrue"]
            )
            value = self.sample(IDS.get(name, ["1"]), min(self.randrange(1, 4), len(IDS.get(name, ["1"]))))
            if operator == "InRegexp":
                value = [self.choice(ID_PATTERNS)]
            one: dict[str, Any] = {"op": operator}
            if operator not in ("Exists", "DoesNotExist", "IsTrue"):
                one["value"] = value[:1] if operator == "Gt" else value
            made["matchExpressions"][name] = one
        if self.random() < 0.1:
            made["matchName"] = self.expression(newer, names=True)
        return made

    def question(self, newer: bool) -> dict[str, Any]:
        """Return NodeFeatureRules, and the features of a node.

        Args:
            newer: whether to use what v0.18 brought.
        """
        objects = [
            {"metadata": {"name": name}, "spec": {"rules": [self.rule(newer) for _ in range(self.randrange(1, 4))]}}
            for name in self.sample(["a", "b", "B"], self.choice([1, 1, 1, 2, 3]))
        ]
        return {"objects": objects, "features": self.features(), "times": 40}

    def features(self) -> dict[str, Any]:
        """Return the features of a node, some of which are of more than one type."""
        made: dict[str, Any] = {"flags": {}, "attributes": {}, "instances": {}}
        for feature in FEATURES[:8]:
            for kind in self.sample(list(made), self.choice([0, 1, 1, 1, 2, 3])):
                made[kind][feature] = {"elements": self.elements(kind)}
        if made["attributes"].get("rule.matched") == {"elements": None}:
            del made["attributes"]["rule.matched"]  # nfd-master writes into it, and would panic
        return made

    def elements(self, kind: str) -> Any:
        """Return what a feature has."""
        names = self.sample(NAMES, self.randrange(5))
        match kind:
            case "flags":
                return None if self.random() < 0.03 else {name: {} for name in names}
            case "attributes":
                return None if self.random() < 0.03 else {name: self.choice(VALUES) for name in names}
        return [
            {"attributes": {name: self.choice(VALUES) for name in self.sample(NAMES, self.randrange(5))}}
            for _ in range(self.randrange(4))
        ]

    def rule(self, newer: bool) -> dict[str, Any]:
        """Return a rule."""
        made: dict[str, Any] = {"name": "r"}
        if self.random() < 0.75:
            made["matchFeatures"] = self.terms(newer)
        if self.random() < 0.35:
            made["matchAny"] = [{"matchFeatures": self.terms(newer)} for _ in range(self.randrange(1, 4))]
        if self.random() < 0.7:
            made["labels"] = self.some(LABELS)
        for key in ("labelsTemplate", "varsTemplate"):
            if self.random() < 0.3:
                made[key] = self.template(made, newer)
        if self.random() < 0.2:
            made["vars"] = self.some(NAMES)
        if self.random() < 0.15:
            made["annotations"] = self.some(LABELS)
        if self.random() < 0.15:
            made["extendedResources"] = {key: self.choice(["1", "2k", "no", *VALUES]) for key in self.sample(LABELS, 2)}
        if self.random() < 0.15:
            made["taints"] = [
                {
                    "key": self.choice(LABELS),
                    "value": "x",
                    "effect": self.choice(["NoSchedule", "NoExecute", "PreferNoSchedule", "", "Never"]),
                }
            ]
        return made

    def some(self, keys: list[str]) -> dict[str, str]:
        """Return a map of some keys."""
        return {key: self.choice(VALUES) for key in self.sample(keys, self.randrange(1, 4))}

    def terms(self, newer: bool) -> list[dict[str, Any]]:
        """Return terms."""
        return [self.term(newer) for _ in range(self.choice([0, 1, 1, 1, 1, 2, 2, 3]))]

    def term(self, newer: bool) -> dict[str, Any]:
        """Return a term."""
        if self.pci and self.random() < 0.8:
            return self.pci_term(newer)
        made: dict[str, Any] = {"feature": self.choice(FEATURES)}
        if self.random() < 0.85:
            names = self.sample(NAMES, self.choice([0, 1, 1, 1, 2, 3]))
            made["matchExpressions"] = {name: self.expression(newer) for name in names}
        if self.random() < 0.2:
            made["matchName"] = self.expression(newer, names=True)
        return made

    def expression(self, newer: bool, *, names: bool = False) -> dict[str, Any]:
        """Return an expression, mostly one that is no error."""
        operator = self.choice(OPERATORS)
        if operator in ("Ge", "Le", "GeLe") and not newer and self.random() < 0.8:
            operator = "Exists"
        values = [*NAMES, *VALUES] if names else VALUES
        wanted = (
            0
            if operator in ("Exists", "DoesNotExist", "IsTrue", "IsFalse")
            else 2
            if operator in ("GtLt", "GeLe")
            else 1
        )
        if operator in ("In", "NotIn", "InRegexp"):
            wanted = self.randrange(1, 4)
        if self.random() < 0.04:
            wanted = self.randrange(3)
        if operator == "InRegexp":
            values = PATTERNS if self.random() < 0.95 else BAD_PATTERNS
        elif operator in ("Gt", "Lt", "Ge", "Le", "GtLt", "GeLe") and self.random() < 0.8:
            values = ["-5", "3", "9", "10", "207", "0300", "+7"]
        made: dict[str, Any] = {"op": operator}
        if newer and self.random() < (0.3 if operator[0] in "GL" else 0.03):
            made["type"] = "version" if self.random() < 0.95 else "semver"
            values = ["1", "1.2", "1.2.3", "v6.5", "6.10.1", "1.x"] if self.random() < 0.9 else values
        if wanted:
            made["value"] = [self.choice(values) for _ in range(wanted)]
            if operator in ("GtLt", "GeLe") and wanted == 2 and self.random() < 0.8:
                made["value"] = self.choice([["1", "10"], ["-5", "9"], ["3", "207"]])
        return made

    # ----- Templates.

    def template(self, rule: dict[str, Any], newer: bool) -> str:
        """Return a template, mostly about a feature that the rule matches."""
        parts = rule.get("matchFeatures", []) + [
            term for one in rule.get("matchAny", []) for term in one["matchFeatures"]
        ]
        features = [term["feature"] for term in parts] or FEATURES
        lines = []
        for _ in range(self.randrange(1, 4)):
            if self.random() < 0.35:
                lines.append(self.choice(LITERALS))
                continue
            domain, _, name = self.choice(features).partition(".")
            whole = f".{domain}.{name}" if name and self.random() < 0.95 else f'(index . "{domain}" "{name}")'
            lines.append(self.ranged(whole, newer))
        return self.choice(["\n", "\n\n", "\r\n"]).join(lines)

    def ranged(self, whole: str, newer: bool) -> str:
        """Return a part of a template over the elements of a feature."""
        inner, label = self.value("", newer), self.choice(["k", "{{.Name}}", '{{index . "vendor"}}', "{{$i}}"])
        match self.randrange(9):
            case 0:
                return f"{{{{range {whole}}}}}{self.shown(self.value('', newer))}\n{{{{else}}}}empty=1{{{{end}}}}"
            case 1:
                return f"{{{{range $i, $e := {whole}}}}}{label.replace('{{.', '{{$e.')}-{{{{$i}}}}={{{{{self.value('$e', newer)}}}}}\n{{{{end}}}}"
            case 2:
                return f"{{{{with {whole}}}}}count={{{{len .}}}}{{{{else}}}}count=0{{{{end}}}}"
            case 3:
                return f"{{{{range {whole}}}}}{{{{if {self.condition(newer)}}}}}{label}={{{{{inner}}}}}{{{{else}}}}other=1{{{{end}}}}\n{{{{end}}}}"
            case 4:
                return f"{{{{$n := 0}}}}{{{{range $i, $e := {whole}}}}}{{{{$n = $i}}}}{{{{if gt $i 0}}}}{{{{break}}}}{{{{end}}}}{{{{end}}}}n={{{{$n}}}}"
            case 5:
                return f"x={{{{ len {whole} }}}}\n{{{{- range {whole} }}}}\n  {{{{ if not .Name }}}}{{{{ continue }}}}{{{{ end }}}}n-{{{{ .Name -}}}} =y\n{{{{- end }}}}"
            case 6:
                return f"e={{{{ {whole} }}}}"
            case 7:
                return f"{{{{range {whole}}}}}{{{{range $k, $v := .}}}}{{{{$k}}}}={{{{$v}}}}\n{{{{end}}}}{{{{end}}}}"
        return f"{{{{ $x := {whole} }}}}{{{{ range $x }}}}{{{{ with .{self.choice(['Name', 'vendor', 'Value'])} }}}}w-{{{{.}}}}=1{{{{end}}}}\n{{{{ end }}}}"

    def shown(self, value: str) -> str:
        """Return a line with a value in its key or behind it."""
        return f"k-{{{{{value}}}}}=v" if self.random() < 0.5 else f"k={{{{{value}}}}}"

    def condition(self, newer: bool) -> str:
        """Return a condition."""
        value = self.value("", newer)
        return self.choice(
            [
                f'eq ({value}) "101c" "true"',
                f'and .Name (ne ({value}) "x")',
                f"or ({value}) .vendor",
                f"not ({value})",
                f'lt ({value}) "5"',
                "eq 1 1",
                f"eq ({value}) 1",
                "false",
                f"gt (len ({value})) 2",
            ]
        )

    def value(self, dot: str, newer: bool) -> str:
        """Return a pipe with a value, of an element unless `dot` is one."""
        name = self.choice(["Name", "Value", "class", "vendor", "device", "present", "a"])
        one = self.choice([f"{dot}.{name}", f"{dot}.Name", f'index {dot or "."} "{name}"', f'index {dot or "."} "b-1"'])
        plain = [one] * 4 + [
            f'printf "%s-%v" ({one}) 5',
            f'printf "%q" ({one})',
            f'printf "%5s|%-4d" ({one}) 7',
            f"print ({one}) 1 2",
            f"{one} | html",
            f"len ({one})",
            f"slice ({one}) 1" if not newer else one,
            f'print "a" ({one}) true nil',
            f"({one}) | urlquery",
            dot or ".",
            "1.5",
            '"\\u0041\\t"',
            "'a'",
        ]
        sprig = [
            f"{one} | lower",
            f"{one} | upper | quote",
            f'{one} | default "none"',
            f'{one} | replace "." "_"',
            f'{one} | trimPrefix "1"',
            f"{one} | trunc 2",
            f"{one} | trunc -2",
            f'ternary "y" "n" (eq ({one}) "101c")',
            f'{one} | splitList "." | first',
            f'join "-" (list 1 ({one}) true)',
            f'{one} | contains "1"',
            f"{one} | atoi | add 1",
            f"coalesce ({one}) 0",
            f'hasPrefix "1" ({one})',
            f"{one} | trim | nospace",
            f"{one} | toString | squote",
            f"{one} | repeat 2",
            f"mul 2 3 (atoi ({one}))",
            f"{one} | sha256sum | trunc 8",
        ]
        return self.choice([*plain, *sprig] if newer else plain)
