"""Shells, and programs that start another one: nice, tini, xargs and their like, each with the words that are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELLS = {"sh", "bash", "ash", "dash", "ksh", "zsh"}
# Programs that start another one: their options with a value in the next word, and how many words of their own precede it.
IN_FRONT: Mapping[str, tuple[set[str], int]] = {
    "exec": ({"-a"}, 0),
    **dict.fromkeys(("nohup", "setsid", "catatonit", "docker-init", "winpty", "command", "builtin", "eval"), (set[str](), 0)),
    "env": ({"-u", "-C", "--unset", "--chdir"}, 0),
    "busybox": (set(), 0),
    "time": ({"-f", "-o"}, 0),
    "tini": ({"-p", "-e"}, 0),
    "dumb-init": ({"-r", "--rewrite"}, 0),
    "nice": ({"-n"}, 0),
    "ionice": ({"-c", "-n"}, 0),
    "stdbuf": ({"-i", "-o", "-e"}, 0),
    "taskset": ({"-c"}, 0),
    "numactl": ({"-N", "-m", "-C"}, 0),
    "sudo": ({"-u", "-g"}, 0),
    "runuser": ({"-u", "-g"}, 0),
    "setpriv": ({"--reuid", "--regid", "--groups"}, 0),
    "su": ({"-s", "--shell", "-g", "-G"}, 1),
    "timeout": ({"-k", "-s"}, 1),
    **dict.fromkeys(("gosu", "su-exec", "chroot", "s6-setuidgid", "setuser"), (set[str](), 1)),
    "chpst": ({"-u", "-U", "-e"}, 0),
    "xargs": ({"-n", "-P", "-I", "-L", "-d", "-a", "-s", "-E", "--max-args", "--max-procs", "--replace", "--delimiter"}, 0),
    "parallel": ({"-j", "--jobs", "-n", "-N"}, 0),
    "watch": ({"-n", "--interval"}, 0),
    "strace": ({"-o", "-e"}, 0),
    "cpulimit": ({"-l", "--limit"}, 0),
    "chrt": (set(), 1),
    "flock": ({"-w", "--timeout", "-E"}, 1),
}
# Words in front of the command whose result they ask for
ASKING = {"if", "elif", "while", "until"}
# Programs that run a script behind -c, like a shell
WITH_SCRIPT = {*SHELLS, "su", "runuser"}
# Options of a shell with a value in the next word.
SHELL_VALUES = {"-o", "+o", "-O", "+O", "--rcfile", "--init-file"}
