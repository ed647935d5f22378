"""All sources, in the order of the table's columns."""
from .asterisk_cdr import AsteriskCdr
from .freeswitch_json import FreeswitchJson
from .sip_acc import KamailioAcc, OpensipsAcc

SOURCES = [AsteriskCdr(), FreeswitchJson(), KamailioAcc(), OpensipsAcc()]
