"""The dashboard's scripts: bundled into one, linted in form, and their mathematics under node."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ganvas.report.bundle import bundle
from ganvas.report.page import read_static

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "src/ganvas/report/static/script"


@pytest.fixture
def node():
    found = shutil.which("node")
    if found is None:
        pytest.skip("needs: apt-get install nodejs")
    return found


def run(node, script):
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def bundled(modules, entry="app"):
    return bundle(modules.__getitem__, entry)


def test_modules_run_once_each_in_the_order_of_their_imports(node):
    modules = {
        "app": "import { b } from './b.js';\nimport { a } from './a.js';\n\n"
        "console.log('app', a, b());\n",
        "b": "import { a } from './a.js';\n\nconsole.log('b');\n\n"
        "export function b() {\n  return a + 1;\n}\n",
        "a": "console.log('a');\nexport const a = 1;\n",
        "unused": "console.log('unused');\n",
    }
    assert run(node, bundled(modules)) == ["a", "b", "app", "1", "2"]


def test_names_that_a_module_keeps_to_itself_may_be_used_by_others(node):
    modules = {
        "app": "import {\n  one,\n  Two,\n} from './a.js';\n\nconst hidden = 2;\n"
        "console.log(one(), new Two().value, hidden);\n",
        "a": "const hidden = 1;\nexport const one = () => hidden;\n"
        "export class Two {\n  value = hidden;\n}\n",
    }
    assert run(node, bundled(modules)) == ["1", "1", "2"]


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (
            {
                "app": "import { a } from './a.js';\n",
                "a": "import { b } from './b.js';\nexport const a = 1;\n",
                "b": "import { a } from './a.js';\nexport const b = 1;\n",
            },
            "in a circle: a → b → a",
        ),
        (
            {"app": "import { c } from './a.js';\n", "a": "export const a = 1;\n"},
            "app.js imports c, which a.js does not export",
        ),
        (
            {"app": "import { a as c } from './a.js';\n", "a": "export const a = 1;\n"},
            "import { a as c }",
        ),
        ({"app": "import a from './a.js';\n"}, "import a from"),
        ({"app": "export default 1;\n"}, "export default 1;"),
        ({"app": "export let a = 1;\n"}, "export let a = 1;"),
    ],
)
def test_what_the_bundler_does_not_carry_over_is_refused(modules, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        bundled(modules)


def test_every_script_is_part_of_the_page():
    code = bundle(lambda name: read_static(f"script/{name}.js"), "app")
    for path in SCRIPTS.glob("*.js"):
        assert f"const ${path.stem} = (" in code


def test_filter_scales_smoothing_and_state_hold_under_node(node):
    tests = sorted(Path(__file__).with_name("script").glob("*.test.js"))
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", *tests],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"# pass (\d+)", done.stdout)[1]) >= 40
