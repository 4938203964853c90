# Shared by the project's shell scripts: sourced, never run.
# shellcheck shell=bash

# Where downloads and what is built from them live, so that a second run, a second clone and a run
# without network find them again.
hospes_cache() {
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/hospes"
}

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# step TITLE COMMAND...: runs the command with its output in a log; shows the title, the time and, on a
# terminal, what the command is doing now. On failure shows the end of the log and ends the script.
step_number=0
step() {
    local title=$1 start=$SECONDS log pid status=0
    shift
    step_number=$((step_number + 1))
    log=$HOSPES_LOGS/$(printf '%02d' $step_number)-$(tr -cs 'a-z0-9' - <<<"${title,,}" | sed 's/-$//').log
    mkdir -p "$HOSPES_LOGS"
    printf '[%d/%d] %s ...' $step_number "$HOSPES_STEPS" "$title"
    "$@" >"$log" 2>&1 &
    pid=$!
    while [[ -t 1 ]] && kill -0 $pid 2>/dev/null; do
        printf '\r\e[K[%d/%d] %s ... %d s  \e[2m%.70s\e[0m' $step_number "$HOSPES_STEPS" "$title" \
            $((SECONDS - start)) "$(tail -n 1 "$log" | tr -d '\r')"
        sleep 0.5
    done
    wait $pid || status=$?
    [[ ! -t 1 ]] || printf '\r\e[K[%d/%d] %s ...' $step_number "$HOSPES_STEPS" "$title"
    if ((status != 0)); then
        printf ' FAILED after %d s\n' $((SECONDS - start))
        tail -n 40 "$log" | sed 's/^/    | /'
        die "'$title' failed with status $status; the whole log is $log"
    fi
    printf ' %d s\n' $((SECONDS - start))
}
