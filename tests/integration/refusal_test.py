#!/usr/bin/env python3
"""What Ouro refuses over HTTP, and what it says then."""
import cluster
from cluster import ClusterTest

MIB = 1 << 20


class Refusal(ClusterTest):
    def setUp(self):
        self.node = self.cluster.nodes[0]

    def test_a_value_above_8_mib_is_refused_and_nothing_is_stored(self):
        value = b"x" * (8 * MIB + 1)
        self.assert_problem(self.alone(self.node).put("huge", value), 413, "value_too_large")
        self.assertEqual(self.node.get("huge").status, 404)

    def test_a_chunked_value_above_8_mib_is_refused(self):
        chunk = b"%x\r\n%s\r\n" % (MIB, b"y" * MIB)
        request = (b"PUT /v1/kv/test/chunked HTTP/1.1\r\nHost: x\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 8 + b"1\r\ny\r\n0\r\n\r\n")
        self.assertIn(b" 413 ", self.node.raw(request).split(b"\r\n")[0])
        self.assertEqual(self.node.get("chunked").status, 404)

    def test_a_chunked_value_is_stored(self):
        request = (b"PUT /v1/kv/test/parts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        self.assertIn(b" 201 ", self.node.raw(request).split(b"\r\n")[0])
        self.assertEqual(self.node.get("parts").body, b"abcde")

    def test_a_key_of_4096_bytes_is_stored_and_one_of_4097_refused(self):
        for key in ("k" * 4096, "%6B" * 4096):
            with self.subTest(escaped=key.startswith("%")):
                self.assertIn(self.node.put(key, b"long").status, (201, 204))
        self.assert_problem(self.node.get("k" * 4097), 414, "key_too_long")
        self.assert_problem(self.alone(self.node).put("k" * 4097, b"x"), 414, "key_too_long")

    def test_a_wrong_path_is_told_what_there_is(self):
        problem = self.assert_problem(self.node.ask("GET", "/v1/kvs/a"), 404, "no_such_route")
        self.assertIn("/v1/kv/{bucket}/{key}", problem["detail"])
        self.assert_problem(self.node.ask("GET", "/nowhere"), 404, "no_such_route")
        self.assert_problem(self.node.ask("GET", "/v1/kv/test/"), 400, "key_missing")
        self.assert_problem(self.node.get("k", bucket="no%20spaces"), 400, "bad_bucket")
        self.assert_problem(self.node.get("%zz"), 400, "bad_target")

    def test_a_wrong_method_is_told_which_there_are(self):
        answer = self.alone(self.node).ask("POST", "/v1/kv/test/k", b"x")
        self.assert_problem(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["allow"], "GET, HEAD, PUT, DELETE")
        self.assert_problem(self.node.ask("DELETE", "/v1/ring"), 405, "method_not_allowed")

    def test_wrong_fields_are_named(self):
        put = self.node.put
        self.assert_problem(put("k", b"x", If_Match='"1"'), 400, "cas_needs_strong")
        self.assert_problem(put("k", b"x", If_None_Match="*"), 400, "cas_needs_strong")
        self.assert_problem(put("k", b"x", "x" * 257), 400, "bad_content_type")
        self.assert_problem(put("k", b"x", Ouro_Context="garbage"), 400, "bad_context")
        self.assert_problem(put("k", b"x", Content_Encoding="gzip"), 415, "unsupported_encoding")
        self.assertEqual(self.node.get("k").status, 404)

    def test_a_context_of_another_key_is_refused(self):
        context = self.node.put("one", b"1").headers["ouro-context"]
        answer = self.node.put("another", b"2", Ouro_Context=context)
        self.assert_problem(answer, 400, "bad_context")

    def test_wrong_parameters_are_named(self):
        for query in ("?r=0", "?r=4", "?w=x", "?timeout=0", "?timeout=60001", "?consistency=most",
                      "?pr=1"):
            with self.subTest(query=query):
                problem = self.assert_problem(self.node.get("k", query=query), 400,
                                              "bad_parameter")
                self.assertIn(query[1:].split("=")[0], problem["detail"])

    def test_a_body_where_none_belongs_is_refused(self):
        answer = self.alone(self.node).ask("GET", "/v1/kv/test/k", b"body")
        self.assert_problem(answer, 400, "body_not_allowed")

    def test_two_framings_at_once_are_refused_and_the_connection_is_closed(self):
        received = self.node.raw(
            b"PUT /v1/kv/test/smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(received.startswith(b"HTTP/1.1 400 "), received[:200])
        self.assertIn(b"application/problem+json", received)
        self.assertEqual(received.count(b"HTTP/1.1 "), 1)
        self.assertEqual(self.node.get("smuggled").status, 404)

    def test_what_is_no_http_is_refused_and_the_connection_is_closed(self):
        for data in (b"hello\r\n\r\n", b"GET /livez HTTP/1.1\r\n\r\n",
                     b"GET /livez HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"):
            with self.subTest(data=data):
                received = self.node.raw(data)
                self.assertTrue(received.startswith(b"HTTP/1.1 400 "), received[:200])

    def test_requests_on_one_connection_are_answered_in_order(self):
        self.node.put("first", b"1st")
        self.node.put("second", b"2nd")
        received = self.node.raw(
            b"GET /v1/kv/test/first HTTP/1.1\r\nHost: x\r\n\r\n"
            b"GET /v1/kv/test/second HTTP/1.1\r\nHost: x\r\n\r\n"
            b"GET /v1/kv/test/first HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(received.count(b"HTTP/1.1 200 "), 3, received)
        self.assertLess(received.find(b"1st"), received.find(b"2nd"))
        self.assertLess(received.find(b"2nd"), received.rfind(b"1st"))


if __name__ == "__main__":
    cluster.main()
