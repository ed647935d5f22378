"""All sources, in the order of the table's columns."""
from .asterisk_cdr import AsteriskCdr
from .asterisk_cel import AsteriskCel
from .broadworks import Broadworks
from .cisco_cucm import CiscoCucm
from .freeswitch_json import FreeswitchJson
from .oracle_sbc import OracleSbc
from .rf_json import RfJson
from .sip_acc import KamailioAcc, OpensipsAcc
from .ts32298 import Ts32298

SOURCES = [AsteriskCel(), AsteriskCdr(), FreeswitchJson(), KamailioAcc(), OpensipsAcc(), Broadworks(), CiscoCucm(), OracleSbc(),
           Ts32298(), RfJson()]
