"""`ledigplads bench`: run the benchmarks of the checkout against the stack that is up."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from cyclopts import Parameter
from pydantic import TypeAdapter, ValidationError

from deploy.cli import output
from deploy.cli.exits import OK, REFUSED, CommandError, UsageError
from deploy.cli.stack_state import find_stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from deploy.cli.figures import Figure
    from deploy.cli.stack_state import StackState

_CHECKOUT = Path(__file__).parents[2]


class Benchmark(Protocol):
    """A module of tests/benchmarks that can be run: `Options` is a frozen dataclass with defaults."""

    Options: type[Any]

    def run(self, stack: StackState, options: Any) -> AsyncIterator[Figure]: ...  # noqa: ANN401 - its own Options


async def bench(
    name: str | None = None, *, option: Annotated[list[str] | None, Parameter(alias="-o", negative="")] = None
) -> int:
    """Mål, ved siden af hvad maskinen kan. Run the benchmarks of this checkout, each beside its peer in the same run.

    A line of JSON each: benchmark, figure, unit, against, against_figure, ratio, goal, met. Ends with 1 when a goal is missed.

        ledigplads bench latency --option samples=100

    Parameters
    ----------
    name
        Which one; without it all of them.
    option
        name=value, as the benchmark defines it; give it once for each.
    """
    known = _names()
    if name is not None and name not in known:
        raise UsageError(f"There is no benchmark {name}: there is {', '.join(known)}.")
    stack = find_stack()
    missed = 0
    for each in [name] if name else known:
        module = _load(each)
        async for figure in module.run(stack, _options(module, option or ())):
            output.line(figure.as_json())
            missed += figure.met is False
    if missed:
        output.say(f"{missed} goals were missed.")
    return REFUSED if missed else OK


def _names() -> list[str]:
    folder = _CHECKOUT / "tests" / "benchmarks"
    if not folder.is_dir():
        raise CommandError(
            "The benchmarks live in a checkout of the project (tests/benchmarks), and this is none: clone it and run there."
        )
    runnable = (path for path in folder.rglob("*.py") if "async def run(" in path.read_text(encoding="utf-8"))
    return sorted(".".join(path.relative_to(folder).with_suffix("").parts) for path in runnable)


def _load(name: str) -> Benchmark:
    if str(_CHECKOUT) not in sys.path:
        sys.path.insert(0, str(_CHECKOUT))
    module: Any = importlib.import_module(f"tests.benchmarks.{name}")
    benchmark: Benchmark = module
    return benchmark


def _options(module: Benchmark, given: Sequence[str]) -> Any:  # noqa: ANN401 - the benchmark's own
    pairs = [one.partition("=") for one in given]
    if wrong := [one for one, (_, equals, _) in zip(given, pairs, strict=True) if not equals]:
        raise UsageError(f"{wrong[0]} is no option: write name=value.")
    values = {key: value for key, _, value in pairs}
    try:
        return TypeAdapter(module.Options).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"The option {'.'.join(map(str, first['loc']))} cannot be used: {first['msg']}.") from error
