"""What all renderers share: numbers, times, and the form of their output.

A renderer tells one scenario in the records that one system would write. It knows the system's documentation and real
records, and nothing of the adapter that reads them.
"""
import copy
import dataclasses
import datetime

# A Monday at noon. Scenarios begin 97 s after each other, so that calls overlap as on a real switch.
EPOCH = 1789992000
SPACING_S = 97

# Numbers from ranges that Ofcom reserves for fiction: +44 7700 900xxx and +44 20 7946 0xxx.
MOBILE, PARTNER = "+447700900901", "+447700900902"
PILOT = "+447700900999"  # the mobile network's mailbox
MAILBOX = "+442079460999"  # the business's own mailbox
EXTENSIONS = {"desk": "200", "anna": "201", "ben": "202", "chris": "203"}
MEMBERS = {"anna": "+442079460901", "ben": "+442079460902", "chris": "+442079460903"}


class Cannot(Exception):
    """Why this system's records can't tell the scenario, in a sentence."""


@dataclasses.dataclass
class Record:
    emitted: float  # when the system writes it, seconds since 1970
    data: object    # str, or bytes of a binary source


class Source:
    name = ""         # as in `inspect --source`
    title = ""        # of the table's column
    options = []      # further options of `inspect`
    wait_s = 0                   # how long `inspect` waits after a call's end: the source's usual settle profile
    tells_answer_at_once = False  # else when the call ends
    variants = ("",)              # ways to set the system up; each scenario is rendered in each, see Stage.variant

    @property
    def file_name(self):
        return self.title.replace(": ", "-")

    def render(self, stage):
        """The Records of one Scenario on a Stage, in any order. Raises Cannot."""
        raise NotImplementedError

    def file(self, records):
        """The bytes of a file of these records."""
        return "".join(record + "\n" for record in records).encode()


class Stage:
    """A scenario with its numbers and its place in time."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.variant = ""
        self.index = scenario.index
        self.epoch = EPOCH + SPACING_S * scenario.index
        self.customer = f"+447700900{scenario.index:03d}"
        self.line = f"+442079460{scenario.index:03d}"

    def in_variant(self, variant):
        other = copy.copy(self)
        other.variant = variant
        return other

    @property
    def calls(self):
        return self.scenario.calls

    def at(self, seconds):
        return self.epoch + seconds

    def number(self, party):
        """The E.164 number of a party."""
        return {"desk": self.line, "customer": self.customer, "mobile": MOBILE, "partner": PARTNER,
                "mailbox": MAILBOX, **MEMBERS}[party]

    def id(self, call, *more):
        """A number that no other call of the run has."""
        return self.index * 1000 + self.calls.index(call) * 100 + sum(more)


def national(number):
    """As a trunk in Great Britain shows it: 07700 900123."""
    return "0" + number[3:]


def utc(epoch, pattern="%Y-%m-%d %H:%M:%S"):
    return datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime(pattern)


def cannot_if(condition, why):
    if condition:
        raise Cannot(why)
