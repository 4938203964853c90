#!/usr/bin/env python3
"""Which engine is taken, and what is said, on hosts whose KVM works, is missing, is forbidden, is old or is broken; and
how a VM ends that KVM cannot go on with. All in one VM that emulates a host with KVM.

usage: choice_test.py --vmm hospes-vmm --hospes hospes --answer-ioctl PROGRAM
"""
import argparse
import json
import pathlib
import re
import signal
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import kvm_in_tcg  # noqa: E402
import tiny_kernel  # noqa: E402

HELLO = tiny_kernel.print_and_exit("hello\n", 0)
WAIT = tiny_kernel.print_and_wait("waiting\n")
LOST = tiny_kernel.pvh_kernel(b"\xb8\x00\x00\x00\xd0\xff\xe0")  # mov eax, 0xd0000000; jmp eax: nothing is there
KVM_GET_API_VERSION, KVM_CREATE_VCPU, KVM_SET_USER_MEMORY_REGION, KVM_RUN = 0xAE00, 0xAE41, 0x4020AE46, 0xAE80
ENOMEM, EINVAL, EFAULT = 12, 22, 14

VMM = "hospes-vmm --kernel hello.elf --memory 64 --debug-exit --engine"
# name -> (what makes the host so, what undoes it, what runs before the command)
HOSTS = {
    "works": ("", "", ""),
    "group": ("chgrp 36 /dev/kvm; chmod 660 /dev/kvm", "chmod 666 /dev/kvm", "su member -s /bin/sh -c"),
    "absent": ("mv /dev/kvm /dev/away", "mv /dev/away /dev/kvm", ""),
    "forbidden": ("chmod 600 /dev/kvm", "chmod 666 /dev/kvm", "su nobody -s /bin/sh -c"),
    "replaced": ("mount --bind /dev/null /dev/kvm", "umount /dev/kvm", ""),
    "old": ("", "", f"answer_ioctl {KVM_GET_API_VERSION} 11"),
    "broken": ("", "", f"answer_ioctl {KVM_CREATE_VCPU} -{ENOMEM}"),
    "hanging": ("", "", f"answer_ioctl {KVM_RUN} never"),
}
WORKING = ("works", "group")
# name -> what the line about KVM must hold
SAID = {
    "works": "engine: kvm, since /dev/kvm runs code",
    "group": "engine: kvm, since /dev/kvm runs code",
    "absent": "/dev/kvm is absent",
    "forbidden": "add yourself to the group kvm",
    "replaced": "/dev/kvm is not KVM",
    "old": "version 11 of the API",
    "broken": "KVM_CREATE_VCPU fails: Cannot allocate memory",
    "hanging": "a test of it did not end",
}
# Where `hospes doctor` says it in other words: what to do is a finding's there.
DOCTOR = {"works": "/dev/kvm runs code", "group": "/dev/kvm runs code",
          "forbidden": "may not be opened (Permission denied)"}

# What fails once KVM has passed its test, in which each of these requests is made once; `+N`: after N more successes.
# name -> (request, errno, options, what must be said)
FAILURES = {
    "no vcpu": (f"{KVM_CREATE_VCPU}+1", ENOMEM, "", "cannot create vCPU 0 with KVM: Cannot allocate memory; end other "
                "VMs, or use --engine translator"),
    "no second vcpu": (f"{KVM_CREATE_VCPU}+2", ENOMEM, "--cpus 2", "cannot create vCPU 1 with KVM: "),
    # What KVM says of a slot beyond its last.
    "no slot": (f"{KVM_SET_USER_MEMORY_REGION}+1", EINVAL, "", "cannot give KVM the guest's memory (64 MiB): Invalid "
                "argument; give the VM less, or use --engine translator"),
    "no run": (f"{KVM_RUN}+2", EFAULT, "", "the CPU engine cannot go on: kvm: KVM_RUN: Bad address at rip 0x"),
}


def script():
    lines = ["mkdir -p /etc; echo 'nobody:x:65534:65534::/tmp:/bin/sh' > /etc/passwd",
             "echo 'member:x:1000:36::/tmp:/bin/sh' >> /etc/passwd"]

    def case(name, command):
        lines.extend([f'echo "@@ begin {name}"', f"{command} 2>&1", 'echo "@@ status $?"', 'echo "@@ end"'])

    for name, (make, undo, prefix) in HOSTS.items():
        lines.append(make)
        for engine in ("auto", "kvm"):
            command = f"{VMM} {engine}"
            case(f"{name} {engine}", f"{prefix} '{command}'" if prefix.startswith("su") else f"{prefix} {command}")
        doctor = "hospes doctor --json --no-speed"
        case(f"{name} doctor", f"{prefix} '{doctor}'" if prefix.startswith("su") else f"{prefix} {doctor}")
        lines.append(undo)
    # Another VM is there all the while.
    lines.append("hospes-vmm --kernel wait.elf --memory 64 --engine kvm >other 2>&1 & other=$!; sleep 3")
    for name, (request, error, words, _) in FAILURES.items():
        case(name, f"answer_ioctl {request} -{error} {VMM} kvm {words}")
    case("lost", "hospes-vmm --kernel lost.elf --memory 64 --engine kvm")
    case("other", "cat other; kill $other; wait $other")
    case("many", f"{VMM} kvm --cpus 64")
    case("model", f"{VMM} kvm --cpu-model x86-64-v3")
    # KVM's own counter is the sum over the VMs that there are now.
    case("exits", "cat /sys/kernel/debug/kvm/exits; hospes-vmm --kernel wait.elf --memory 64 --engine kvm & "
                  "sleep 3; cat /sys/kernel/debug/kvm/exits; kill $!; wait $!")
    return "\n".join(lines)


def cases_of(outcome):
    """name -> (output, status)"""
    found = re.findall(r"@@ begin (.*?)\n(.*?)@@ status (\d+)\n@@ end", outcome.stdout, re.DOTALL)
    return {name: (output, int(status)) for name, output, status in found}


def choice_problems(cases):
    for name in HOSTS:
        for engine in ("auto", "kvm"):
            output, status = cases.get(f"{name} {engine}", ("it was not run", -1))
            taken = "kvm" if name in WORKING else "translator"
            if engine == "kvm" and name not in WORKING:
                good = status == 125 and "cannot use --engine kvm: " in output and "hello" not in output
            else:
                good = status == 1 and "hello" in output and f"(engine: {taken})" in output
                good = good and (engine == "kvm" or f"engine: {taken}, since /dev/kvm " in output)
            if engine == "auto" or name not in WORKING:
                good = good and SAID[name] in output
            if not good:
                yield f"{name} {engine}: status {status}: {output}"


def doctor_problems(cases):
    for name in HOSTS:
        output, _ = cases.get(f"{name} doctor", ("it was not run", -1))
        found = re.search(r"^\{.*^\}", output, re.DOTALL | re.MULTILINE)
        engine = json.loads(found.group())["engine"] if found else {"name": "", "why": ""}
        taken = "kvm" if name in WORKING else "translator"
        if engine["name"] != taken or DOCTOR.get(name, SAID[name]) not in engine["why"]:
            yield f"{name} doctor: {output}"


def failure_problems(cases):
    for name, (*_, said) in FAILURES.items():
        output, status = cases.get(name, ("it was not run", -1))
        if status != 125 or "hospes-vmm: " + said not in output or "hello" in output:
            yield f"{name}: status {status}: {output}"
    output, status = cases.get("other", ("", -1))
    if status != 128 + signal.SIGTERM or not output.startswith("waiting\n"):
        yield f"the VM beside those that failed: status {status}: {output}"


def other_problems(cases):
    output, status = cases.get("lost", ("", -1))
    words = ("KVM_EXIT_INTERNAL_ERROR", "at rip 0xd0000000", "no memory at rip", "(engine: kvm)")
    if status != 125 or not all(word in output for word in words):
        yield f"lost: status {status}: {output}"
    output, status = cases.get("many", ("", -1))
    if status != 1 or "hello" not in output:
        yield f"many: status {status}: {output}"
    output, status = cases.get("model", ("", -1))
    if status != 125 or not all(word in output for word in ("x86-64-v3", "PCID", "RDSEED")):
        yield f"model: status {status}: {output}"
    output, status = cases.get("exits", ("", -1))
    counts = re.findall(r"^(\d+)$", output, re.MULTILINE)
    if len(counts) != 2 or int(counts[1]) <= int(counts[0]):
        yield f"exits: KVM's counter did not grow: {output}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", required=True)
    parser.add_argument("--hospes", required=True)
    parser.add_argument("--answer-ioctl", required=True)
    parser.add_argument("--limit", type=float, default=200)
    options = parser.parse_args()
    files = {"hospes-vmm": options.vmm, "hospes": options.hospes, "answer_ioctl": options.answer_ioctl, "hello.elf": HELLO,
             "wait.elf": WAIT, "lost.elf": LOST}
    outcome = kvm_in_tcg.run(kvm_in_tcg.fetch(), script(), files, limit=options.limit)
    cases = cases_of(outcome)
    problems = [*choice_problems(cases), *doctor_problems(cases), *failure_problems(cases), *other_problems(cases)]
    print(f"{len(cases)} cases, {len(problems)} problems")
    missing = len(cases) != 3 * len(HOSTS) + len(FAILURES) + 5
    return outcome.judge(problems, 80) or int(missing)


if __name__ == "__main__":
    sys.exit(main())
