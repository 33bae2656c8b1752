"""weir-lsp-server speaks the language server protocol on its standard streams: it finds errors and tells what a name is."""

import json
import subprocess

import pytest

from conftest import BIN

GOOD = """weir.formula @half(%x: f32) -> f32 {
  %c = arith.constant 0.5 : f32
  %y = arith.mulf %x, %c : f32
  weir.yield %y : f32
}
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = weir.apply @half(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
"""
BAD = "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = weir.apply @nothing(%x) : (tensor<4xf32>) -> tensor<4xf32>\n" \
      "  return %y : tensor<4xf32>\n}\n"


class Client:
    def __init__(self):
        self.server = subprocess.Popen([BIN / "weir-lsp-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        self.requests = 0
        self.seen = []

    def send(self, method, params, **extra):
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **extra}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.server.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.server.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        assert length, "the server closed its output"
        return json.loads(self.server.stdout.read(length))

    def request(self, method, params):
        self.requests += 1
        self.send(method, params, id=self.requests)
        while (answer := self.receive()).get("id") != self.requests:
            self.seen.append(answer)
        return answer

    def diagnostics(self, uri):
        """Of the file's latest version: waits for them."""
        while True:
            message = self.seen.pop(0) if self.seen else self.receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return message["params"]["diagnostics"]


@pytest.fixture
def client():
    client = Client()
    answer = client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    assert answer["result"]["capabilities"]["hoverProvider"]
    client.send("initialized", {})
    yield client
    client.request("shutdown", None)
    client.send("exit", None)
    assert client.server.wait(timeout=60) == 0


def open_file(client, uri, text):
    client.send("textDocument/didOpen",
                {"textDocument": {"uri": uri, "languageId": "mlir", "version": 1, "text": text}})
    return client.diagnostics(uri)


def test_an_error_has_its_place_and_goes_when_it_is_mended(client):
    uri = "file:///bad.mlir"
    (error,) = open_file(client, uri, BAD)
    assert "C1: @nothing names no weir.formula" in error["message"]
    assert error["range"]["start"]["line"] == 1
    client.send("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": GOOD}]})
    assert client.diagnostics(uri) == []


def test_hover_tells_what_a_value_and_an_op_are(client):
    uri = "file:///good.mlir"
    assert open_file(client, uri, GOOD) == []

    def hover(line, character):
        answer = client.request("textDocument/hover",
                                {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
        return answer["result"]["contents"]["value"]

    assert "weir.apply" in hover(6, 10)
    assert "tensor<4xf32>" in hover(7, 10)


def test_a_formula_is_found_from_where_it_is_applied(client):
    uri = "file:///definition.mlir"
    assert open_file(client, uri, GOOD) == []
    answer = client.request("textDocument/definition",
                            {"textDocument": {"uri": uri}, "position": {"line": 6, "character": 20}})
    assert answer["result"][0]["range"]["start"]["line"] == 0
