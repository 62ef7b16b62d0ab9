import subprocess

from ganvas.runner import checkout


def test_a_change_in_another_encoding_is_no_obstacle(tmp_path, monkeypatch):
    def git(*words):
        name = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", tmp_path, *name, *words], check=True, capture_output=True)

    (tmp_path / "version.py").write_bytes(b"text = 1\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    (tmp_path / "version.py").write_bytes(b"text = 'gr\xfcn'\n")
    monkeypatch.setattr(checkout, "PACKAGE", tmp_path)
    state = checkout.git_state()
    assert state["dirty"]
    assert "+text = 'gr\N{REPLACEMENT CHARACTER}n'" in state["diff"]
