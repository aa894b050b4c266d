# SPDX-License-Identifier: GPL-2.0
"""Print "PASSED FAILED" of a pytest junit file; write one line per skipped test to a second file."""
import sys
import xml.etree.ElementTree as ET


def main(junit, skips_path):
    passed = failed = 0
    skips = []
    for case in ET.parse(junit).getroot().iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skip is not None:
            reason = " ".join((skip.get("message") or "no reason given").split())
            skips.append(f"{case.get('classname')}.{case.get('name')}: {reason}")
        else:
            passed += 1
    with open(skips_path, "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in skips)
    print(passed, failed)


main(*sys.argv[1:])
