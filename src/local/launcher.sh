#!/bin/sh
# Starts workerd so that it dies with the node process that started it, however that one dies. Left alone, workerd
# survives a SIGKILL of node, keeps the port and goes on writing.
#
# In:  LAUNCHER_WORKERD     path of the real binary
#      LAUNCHER_PARENT_PID  the node process
#      LAUNCHER_PID_FILE    where to note the pid of workerd
# The process becomes workerd by exec, so its pid, its open files (3 is Miniflare's control pipe) and a signal sent to
# it are workerd's own.

# The parent may have died before this line, and the kernel would never tell.
[ "$PPID" = "$LAUNCHER_PARENT_PID" ] || exit 1
echo $$ >"$LAUNCHER_PID_FILE" || exit 1

# Ctrl-C reaches the whole group of the terminal; node alone decides when workerd ends. exec keeps what is ignored.
trap '' INT HUP

# Linux with util-linux: the kernel kills workerd when its parent ends. The shell inside runs after the request was
# made, so a parent that it still sees will be noticed by the kernel.
if setpriv --pdeathsig KILL true 2>/dev/null; then
  # shellcheck disable=SC2016
  exec setpriv --pdeathsig KILL /bin/sh -c \
    '[ "$PPID" = "$LAUNCHER_PARENT_PID" ] && exec "$LAUNCHER_WORKERD" "$@"' launcher "$@"
fi

# Elsewhere: look every 250 ms who the parent is; an orphan is handed to another one.
parent_of() {
  if [ -r /proc/self/stat ]; then
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- $stat
    parent=$2
  else
    parent=$(ps -o ppid= -p "$1" | tr -d ' ')
  fi
  [ -n "$parent" ]
}
(
  while parent_of $$; do
    if [ "$parent" != "$LAUNCHER_PARENT_PID" ]; then
      kill -9 $$
      exit
    fi
    # A sleep that knows no fractions is worth a second; without any sleep there is no watch, rather than a hot loop.
    sleep 0.25 || sleep 1 || exit
  done
) </dev/null >/dev/null 2>&1 3>&- &
exec "$LAUNCHER_WORKERD" "$@"
