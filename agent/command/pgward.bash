# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for pgward. Verbs, words and options are those that --help has.

_pgward_words()
{
    "$@" --help 2>/dev/null | sed -nE 's/^  ([a-z]+) {2,}.*/\1/p'
}

_pgward_options()
{
    "$@" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+' | sort -u
}

_pgward()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local program=${COMP_WORDS[0]} verb=${COMP_WORDS[1]} words

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="$(_pgward_words "$program") --help --version"
    elif [[ $current == -* ]]; then
        words=$(_pgward_options "$program" "$verb")
    elif [[ $previous == --output-as || $previous == -o ]]; then
        words='text json'
    elif ((COMP_CWORD == 2)); then
        words=$(_pgward_words "$program" "$verb")
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
# What is none of these words is a file: of a trace, of kept WAL.
complete -o bashdefault -o default -F _pgward pgward
