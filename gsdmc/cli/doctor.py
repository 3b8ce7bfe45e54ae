"""`gsdmc doctor`: what gsdmc runs on here, what it picks and why, and whether that is right."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from gsdmc.cli import options
from gsdmc.cli.output import count, print_json, table

if TYPE_CHECKING:
    from gsdmc.inference.backends import Chosen
    from gsdmc.kernels.selftest import Agreement
    from gsdmc.training.acceleration import Acceleration

EXAMPLE = """examples:
  gsdmc doctor
  gsdmc doctor my-program.clj --set n=100
  gsdmc doctor --json > report.json

The implementations of attention that would be picked run here on a small graph, forward and backward, and
are compared with the obvious one in float64. Exit code 1 if one of them is wrong on this machine."""

PROBLEMS = ("bcmf", "boolean", "inversion", "sorting", "sudoku")
"""The paper's, at their default sizes."""

CHOICES = ("given", "embedding", "mask", "symmetrise", "intermediates", "limits")
CURES = {
    "cuda": "install versions of torch and triton that belong together, and a driver as new as they ask for: "
    "pip install --force-reinstall torch; until then, CUDA_VISIBLE_DEVICES= hides the GPU",
    "cpu": "reinstall torch: pip install --force-reinstall torch; if that doesn't help, report it with what "
    "gsdmc doctor --json prints",
}


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(
        commands, "doctor", "show what gsdmc runs on here and check that it computes right", EXAMPLE
    )
    options.add_program(parser, "the paper's five problems")
    options.add_preset(parser, "the network that is meant")
    options.add_compile_options(parser)
    options.add_json(parser, "the findings")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Examine, print, and fail where something is wrong.

    Raises:
        GsdmcError: an implementation that is wrong here; or anything that is wrong with the program.
    """
    from gsdmc.inference.backends import checked, chosen, settled
    from gsdmc.inference.fit import settings
    from gsdmc.language.source import GsdmcError
    from gsdmc.training.config import TrainingConfig
    from gsdmc.training.devices import devices

    problems = _problems(args)
    here, without = devices()
    picks = [chosen(p, settings(args.preset, p), device) for p in problems for device in here]
    checks = checked(picks)
    found = {
        "versions": _versions(),
        "machine": _machine(),
        "cuda": {"devices": [asdict(d) for d in here if d.kind == "cuda"], "absent": without},
        "compiler": _compiler(),
        "training": _training([settled(TrainingConfig(), device) for device in here]),
        "attention": [_pick(pick) for pick in picks],
        "checks": [_check(check) for check in checks],
        "healthy": all(check.holds for check in checks),
    }
    if args.json:
        print_json(found)
    else:
        print(describe(found))
    for check in checks:
        if not check.holds:
            how = check.failure or "the two differ by more than rounding"
            raise GsdmcError(
                f"attention by `{check.backend}` on {check.device} is wrong on this machine: {how}",
                hint=CURES[check.device.partition(":")[0]],
            )


def describe(found: dict[str, Any]) -> str:
    """The findings as text."""
    v, m = found["versions"], found["machine"]
    versions = (f"{name} {v[name] or 'not installed'}" for name in ("gsdmc", "python", "torch", "triton"))
    lines = [
        ("versions", ", ".join(versions)),
        ("system", v["system"]),
        ("processor", f"{m['processor']}, {m['instructions']}"),
        ("cores", f"{m['usable_cores']} of {m['cores']} usable, torch runs {count(m['threads'], 'thread')}"),
        ("memory", "unknown" if m["memory"] is None else _bytes(m["memory"])),
        ("CUDA", _cuda(found["cuda"])),
        ("compiler", _compiling(found["compiler"])),
        ("training", f"on {found['training']['device']}: {found['training']['reason']}"),
    ]
    return "\n\n".join(
        [
            "\n".join(f"{name:10}{text}" for name, text in lines),
            table(("Steps on", "Setting", "Value", "Because"), _settings(found["training"]["steps"])),
            table(
                ("Program", "Device", "Attention", "Because"),
                [(p["program"], p["device"], p["backend"], p["reason"]) for p in found["attention"]],
            ),
            table(
                ("Attention", "Device", "Against the reference", "Largest error"),
                [_row(check) for check in found["checks"]],
            ),
        ]
    )


def _problems(args: argparse.Namespace) -> list[Any]:
    from gsdmc.language.source import GsdmcError

    if args.program is not None:
        return [options.compiled(args)]
    if args.settings or any(getattr(args, name) is not None for name in CHOICES):
        raise GsdmcError(
            "--set and the compile-time options are those of a program, and none is named",
            hint="name it: gsdmc doctor bcmf --set k=7",
        )
    return [options.compiled(argparse.Namespace(**{**vars(args), "program": name})) for name in PROBLEMS]


def _versions() -> dict[str, str | None]:
    from gsdmc.training.hardware import describe as hardware

    found = hardware()
    return {name: found[name] for name in ("gsdmc", "python", "torch", "system")} | {"triton": _triton()}


def _triton() -> str | None:
    try:
        return version("triton")
    except PackageNotFoundError:
        return None


def _machine() -> dict[str, Any]:
    import torch

    from gsdmc.training.devices import usable_cores, usable_memory
    from gsdmc.training.hardware import describe as hardware

    found = hardware()
    return {
        "processor": found["processor"],
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": found["cores"],
        "usable_cores": usable_cores(),
        "threads": found["threads"],
        "memory": usable_memory(),
    }


def _compiler() -> dict[str, Any]:
    from gsdmc.kernels.toolchain import c_compiler, compile_lacks, cxx_compiler

    return {"c": c_compiler(), "cxx": cxx_compiler(), "absent": compile_lacks()}


def _training(steps: list[Acceleration]) -> dict[str, Any]:
    """Where training runs when nobody says, and how its steps run on each device."""
    from gsdmc.training.devices import choose_device

    device, reason = choose_device()
    return {"device": str(device), "reason": reason, "steps": [step.to_json() for step in steps]}


def _settings(steps: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    shown = {True: "on", False: "off"}
    return [
        (step["device"], name, shown.get(step[name], step[name]), step["reasons"][name])
        for step in steps
        for name in ("precision", "compile", "graphs")
    ]


def _pick(pick: Chosen) -> dict[str, Any]:
    data = asdict(pick)
    choice: dict[str, str] = data.pop("choice")
    return data | choice


def _check(check: Agreement) -> dict[str, Any]:
    errors = {name: error if isfinite(error) else None for name, error in check.errors.items()}
    return {**asdict(check), "errors": errors, "holds": check.holds}


def _row(check: dict[str, Any]) -> tuple[str, str, str, str]:
    errors = {name: inf if error is None else error for name, error in check["errors"].items()}
    worst = max(errors, key=errors.__getitem__, default="")
    error = f"{errors[worst]:.1e} ({worst})" if worst else check["failure"]
    return check["backend"], check["device"], "agrees" if check["holds"] else "WRONG", error


def _compiling(compiler: dict[str, Any]) -> str:
    works = f"{compiler['cxx']}, so torch.compile can work"
    return f"{compiler['absent'] or works}; nothing depends on it"


def _cuda(cuda: dict[str, Any]) -> str:
    if not cuda["devices"]:
        return f"no device: {cuda['absent']}"
    return "; ".join(
        f"{d['name']} {d['title']}, compute capability {'.'.join(map(str, d['capability']))}, "
        f"{_bytes(d['memory'])}"
        for d in cuda["devices"]
    )


def _bytes(number: int) -> str:
    return f"{number / 2**30:.1f} GiB"
