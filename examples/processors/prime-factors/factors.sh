# An example of a processor in another language: {"n": 360} becomes {"n": 360, "factors": [2, 2, 2, 3, 3, 5]}.
# The job comes in as one line of JSON. Most languages parse it; a shell takes the one form that it accepts.
n=$(sed -n 's/^{"input":{"n":\([1-9][0-9]\{0,12\}\)},.*/\1/p')
if [ -z "$n" ]; then
  echo 'the input must be {"n": …} with a whole number of 1 to 13 digits' >&2
  exit 65 # The input is wrong: no other attempt.
fi

exec awk -v n="$n" 'BEGIN {
  for (rest = n; factor * factor <= rest || factor == 0; factor += 1) {
    if (factor < 2) factor = 2
    while (rest % factor == 0 && rest > 1) { list = list separator factor; separator = ","; rest /= factor }
  }
  if (rest > 1) list = list separator rest
  printf "{\"output\":{\"n\":%s,\"factors\":[%s]}}\n", n, list
}'
