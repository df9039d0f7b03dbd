"""An example of a processor in Python, with nothing but its standard library.

{"from": "2026-01-01", "to": "2026-12-31", "holidays": ["2026-01-01"]} becomes {"days": 365, "workdays": 260}.
It costs one cent for each month that it looks at.
"""

import json
import sys
from datetime import date, timedelta

EX_DATAERR = 65  # The input is wrong: the job fails without another attempt.
DAYS_MAX = 36_525  # A limit on everything: a century.


def say(message):
    """A line for the runner. Flushed, because progress that arrives at the end is none."""
    print(json.dumps(message), flush=True)


def refuse(reason):
    """Ends the attempt. The customer reads the reason as the job's error."""
    print(reason, file=sys.stderr)
    sys.exit(EX_DATAERR)


def read_period(fields):
    try:
        first, last = date.fromisoformat(fields["from"]), date.fromisoformat(fields["to"])
        holidays = {date.fromisoformat(day) for day in fields.get("holidays", [])}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        refuse(f'the input must be {{"from": date, "to": date, "holidays"?: [dates]}}: {error!r}')
    if not timedelta(0) <= last - first < timedelta(DAYS_MAX):
        refuse(f"the period must have 1 to {DAYS_MAX} days")
    return first, last, holidays


def main():
    attempt = json.load(sys.stdin)
    first, last, holidays = read_period(attempt["input"])
    days = (last - first).days + 1
    workdays = 0
    months = set()
    for n in range(days):
        day = first + timedelta(n)
        if (day.year, day.month) not in months:
            months.add((day.year, day.month))
            say({"progress": n / days, "message": f"{day:%Y-%m}"})
        workdays += day.weekday() < 5 and day not in holidays
    say({"cost": min(len(months), attempt["job"]["estimated_cost_cents"])})
    say({"output": {"days": days, "workdays": workdays}})


main()
