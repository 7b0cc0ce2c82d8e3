# until_prints SECONDS PATTERN COMMAND...: runs COMMAND until PATTERN is all that it prints; fails after SECONDS.
until_prints() {
  local end=$((SECONDS + $1)) pattern=$2 printed=
  shift 2
  until printed=$("$@") && [[ $printed =~ ^($pattern)$ ]]; do
    if [ "$SECONDS" -ge "$end" ]; then
      echo "gave up waiting for '$pattern': $* prints '$printed'" >&2
      return 1
    fi
    sleep 10
  done
  [ -z "$printed" ] || echo "$printed"
}
