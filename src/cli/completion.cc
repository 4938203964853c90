// `hospes completion SHELL`: scripts that ask the hidden `hospes __complete`, so that they know what this very program
// knows.
#include <memory>

#include "cli/commands.h"
#include "cli/say.h"

namespace hospes::cli {

namespace {

// A line of __complete is "WORD<tab>what", or ":file" or ":directory".
constexpr char kBash[] = R"(# bash completion of hospes: put it into ~/.local/share/bash-completion/completions/hospes
_hospes() {
    local line word=${COMP_LINE:0:COMP_POINT}
    local -a words
    # COMP_WORDS would be split at "=" and ":", too.
    read -r -a words <<<"$word"
    [[ $word == *[[:space:]] ]] && words+=('')
    local current=${words[-1]} cut
    cut=${current%"${COMP_WORDS[COMP_CWORD]}"}
    [[ ${COMP_WORDS[COMP_CWORD]} == [=:] ]] && cut=$current
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :file) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${current#*=}") ;;
        :directory) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "${current#*=}") ;;
        *) line=${line%%$'\t'*}; COMPREPLY+=("${line#"$cut"}") ;;
        esac
    done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _hospes hospes
)";

constexpr char kZsh[] = R"(#compdef hospes
# zsh completion of hospes: put it into a folder of $fpath as _hospes
_hospes() {
    local line
    local -a found
    while IFS= read -r line; do
        case $line in
        :file) _files; return ;;
        :directory) _files -/; return ;;
        *) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    _describe hospes found
}
if [[ ${funcstack[1]} == _hospes ]]; then _hospes "$@"; else compdef _hospes hospes; fi
)";

constexpr char kFish[] = R"(# fish completion of hospes: put it into ~/.config/fish/completions/hospes.fish
function __hospes_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case :file
                __fish_complete_path (commandline -ct)
            case :directory
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c hospes -f -a '(__hospes_complete)'
)";

}  // namespace

Command completion_command() {
    auto shell = std::make_shared<std::string>();
    Command command;
    command.name = "completion";
    command.summary = "Print a completion script for a shell";
    command.text =
        "It completes commands, options, their values and the names of images, and asks this program for them, so it "
        "stays right after an update.";
    command.arguments = {{"SHELL", "bash, zsh or fish", shell.get()}};
    command.examples = {{"source <(hospes completion bash)", "in this shell; bash needs nothing else"},
                        {"hospes completion fish > ~/.config/fish/completions/hospes.fish", "for every fish to come"}};
    command.run = [shell]() -> Result<int> {
        const char* script = *shell == "bash" ? kBash : *shell == "zsh" ? kZsh : *shell == "fish" ? kFish : nullptr;
        if (script == nullptr) {
            return Error("cannot complete in \"" + *shell + "\": no script for it; take bash, zsh or fish");
        }
        return print(script) ? 0 : 1;
    };
    return command;
}

}  // namespace hospes::cli
