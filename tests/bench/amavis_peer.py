"""amavisd-new as a peer: own configuration in a folder of its own, all parts decoded from MIME and typed by file(1), no scanners."""

import os
import pwd
import shutil
from pathlib import Path

CHILDREN = 20  # as many as there are sessions

_CONFIGURATION = """\
use strict;
$i_know_what_i_am_doing{{no_conf_file_writable_check}} = 1;  # the configuration lies in our own folder
$max_servers = {children};
$max_requests = 100000;
$path = '/usr/local/bin:/usr/bin:/bin';  # without it file(1) is not found, and quietly left out
$MYHOME = '{folder}';
$TEMPBASE = '{folder}/tmp';
$QUARANTINEDIR = undef;
$pid_file = '{folder}/amavisd.pid';
$lock_file = '{folder}/amavisd.lock';
$enable_db = 0;
$enable_zmq = 0;
$do_syslog = 0;
$LOGFILE = '{folder}/amavisd.log';
$log_level = 0;
$mydomain = 'sender.example';
$myhostname = 'amavis.example';
@local_domains_maps = (1);
@inet_acl = qw(127.0.0.0/8);
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = {port};
$unix_socketname = undef;
$forward_method = 'smtp:[127.0.0.1]:{next_hop}';
$notify_method = $forward_method;
$smtpd_message_size_limit = 0;
$enable_dkim_verification = 0;
$enable_dkim_signing = 0;
@bypass_virus_checks_maps = (1);
@bypass_spam_checks_maps = (1);
@bypass_header_checks_maps = (1);
@bypass_banned_checks_maps = (0);
$banned_filename_re = new_RE(qr'^application/x-nothing-like-this$'i);
$final_bad_header_destiny = D_PASS;
$final_banned_destiny = D_PASS;
$file = 'file';
@decoders = (['mail', \\&do_mime_decode]);
1;
"""


def program() -> str | None:
    """Path of the daemon; None where it or file(1) is not installed."""
    if shutil.which("file") is None:
        return None
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return shutil.which("amavisd", path=path) or shutil.which("amavisd-new", path=path)


def prepare(folder: Path, port: int, next_hop: int) -> list[str]:
    """Write the configuration; the command that serves it in the foreground."""
    found = program()
    assert found is not None
    (folder / "tmp").mkdir()
    configuration = folder / "amavisd.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, next_hop=next_hop, children=CHILDREN))
    command = [found, "-c", str(configuration), "foreground"]
    if os.getuid() != 0:
        return command
    # As root it wants another user to become; its folder is that user's, its configuration stays root's.
    user = pwd.getpwnam("amavis")
    for path in (folder, folder / "tmp"):
        os.chown(path, user.pw_uid, user.pw_gid)
    return [found, "-u", "amavis", "-g", "amavis", "-c", str(configuration), "foreground"]
