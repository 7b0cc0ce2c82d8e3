# until_prints SECONDS PATTERN COMMAND...: runs COMMAND until PATTERN is all that it prints; fails after about SECONDS.
until_prints() {
  local tries=$(($1 / 10)) pattern=$2 printed=
  shift 2
  until printed=$("$@") && [[ $printed =~ ^($pattern)$ ]]; do
    if [ "$tries" -le 0 ]; then
      echo "gave up waiting for '$pattern': $* prints '$printed'" >&2
      return 1
    fi
    tries=$((tries - 1))
    sleep 10
  done
  [ -z "$printed" ] || echo "$printed"
}
