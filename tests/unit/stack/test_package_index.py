from stack.package_index import parse_pip_configuration, uv_environment

LISTING = """\
:env:.index-url='https://env.example/simple'
global.index-url='https://global.example/simple'
install.extra-index-url='https://one.example/simple https://two.example/simple'
global.find-links='/opt/a /opt/b'
"""


def test_the_environment_wins_over_the_files():
    assert parse_pip_configuration(LISTING)["index-url"] == "https://env.example/simple"


def test_uv_sees_what_pip_sees():
    variables = uv_environment(LISTING, {})
    assert variables["UV_DEFAULT_INDEX"] == "https://env.example/simple"
    assert variables["UV_INDEX"] == "https://one.example/simple https://two.example/simple"
    assert variables["UV_FIND_LINKS"] == "/opt/a,/opt/b"
    assert variables["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_what_the_user_told_uv_stands():
    assert "UV_DEFAULT_INDEX" not in uv_environment(LISTING, {"UV_DEFAULT_INDEX": "https://mine"})


def test_nothing_configured_changes_nothing():
    assert uv_environment("", {}) == {}
