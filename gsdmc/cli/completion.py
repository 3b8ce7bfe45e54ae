"""`gsdmc completion`: what makes a shell complete commands, options and names of programs."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gsdmc.cli import options

EXAMPLE = """examples:
  eval "$(gsdmc completion bash)"                          # in ~/.bashrc
  eval "$(gsdmc completion zsh)"                           # in ~/.zshrc, after compinit
  gsdmc completion fish > ~/.config/fish/completions/gsdmc.fish"""

SHELLS = ("bash", "zsh", "fish")
FILES = ("FILE", "DIR", "PROGRAM", "MODEL")
"""What is in the metavar of an argument that names a file or a folder."""

HEAD = "# Completion of gsdmc, written by `gsdmc completion {name}`.\n"

BASH = """\
_gsdmc() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} choices="" paths=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    choices="{commands} --help --version"
  else
    case "${{COMP_WORDS[1]}} $previous" in
{values}
      *)
        case "${{COMP_WORDS[1]}}" in
{arguments}
        esac
        ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
  if [ -n "$paths" ]; then
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}}
complete -o filenames -F _gsdmc gsdmc
"""


@dataclass(frozen=True)
class Argument:
    """An option, or a positional argument (no `flags`): what it may be followed by, and what it is for.

    `takes` says whether a value follows, `words` which values are known, `files` whether it is a file.
    """

    flags: tuple[str, ...]
    takes: bool
    words: tuple[str, ...]
    files: bool
    help: str


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(
        commands, "completion", "print what makes your shell complete gsdmc's commands", EXAMPLE
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print the script."""
    from gsdmc.cli.main import build_parser

    print(script(args.shell, build_parser()), end="")


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script of a shell for all commands of a parser."""
    commands = {name: list(arguments(own)) for name, own in subparsers(parser).items()}
    summaries = {name: own.description or "" for name, own in subparsers(parser).items()}
    head = HEAD.format(name=shell)
    if shell == "fish":
        return head + "\n".join(fish(commands, summaries)) + "\n"
    before = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return head + before + bash(commands)


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of commands by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def arguments(parser: argparse.ArgumentParser) -> Iterator[Argument]:
    """The arguments of a command."""
    for action in parser._actions:
        metavar = action.metavar if isinstance(action.metavar, str) else ""
        words = tuple(str(choice) for choice in action.choices or ())
        if metavar == "PROGRAM":
            words = tuple(options.bundled_names())
        yield Argument(
            flags=tuple(action.option_strings),
            takes=action.nargs != 0,
            words=words,
            files=any(part in metavar for part in FILES),
            help="" if action.help in (None, argparse.SUPPRESS) else str(action.help).partition("\n")[0],
        )


def bash(commands: dict[str, list[Argument]]) -> str:
    """The function that bash calls, and zsh by its bashcompinit."""
    values, plain = [], []
    for name, own in commands.items():
        for argument in own:
            if argument.flags and argument.takes:
                pattern = "|".join(shlex.quote(f"{name} {flag}") for flag in argument.flags)
                values.append(f"      {pattern}) {_sets(argument.words, argument.files)} ;;")
        positional = [a for a in own if not a.flags]
        words = [w for a in positional for w in a.words] + [f for a in own for f in a.flags]
        plain.append(f"          {name}) {_sets(words, any(a.files for a in positional))} ;;")
    return BASH.format(commands=" ".join(commands), values="\n".join(values), arguments="\n".join(plain))


def _sets(words: list[str] | tuple[str, ...], files: bool) -> str:
    return f'choices="{" ".join(words)}" paths="{"yes" if files else ""}"'


def fish(commands: dict[str, list[Argument]], summaries: dict[str, str]) -> Iterator[str]:
    """Lines of fish's `complete`."""
    yield "complete -c gsdmc -f"
    for name, own in commands.items():
        yield f"complete -c gsdmc -n __fish_use_subcommand -a {name} -d {_quoted(summaries[name])}"
        for argument in own:
            line = f"complete -c gsdmc -n '__fish_seen_subcommand_from {name}'"
            for flag in argument.flags:
                line += f" -l {flag[2:]}" if flag.startswith("--") else f" -s {flag[1:]}"
            if argument.takes:
                exclusive = "x" if not argument.files else "r"  # x: no file can stand there
                line += f" -{exclusive}" if argument.flags else ""
                line += f" -a {_quoted(' '.join(argument.words))}" if argument.words else ""
                line += " -F" if argument.files else ""
            yield f"{line} -d {_quoted(argument.help)}" if argument.help and argument.flags else line


def _quoted(text: str) -> str:
    """A text as fish reads it: between single quotes, only they and backslashes are escaped."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("%%", "%")
    return f"'{escaped}'"
