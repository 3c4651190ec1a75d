#!/usr/bin/env python3
"""What is stored on one node is served by all of them."""
import cluster
from cluster import ClusterTest

MIB = 1 << 20


class Store(ClusterTest):
    def test_a_value_is_served_by_another_node_as_it_was_stored(self):
        first, _, third = self.cluster.nodes
        value = b'{"country":"PT"}'
        created = first.put("lisbon", value, "application/json", bucket="cities")
        self.assertEqual(created.status, 201, created)
        self.assertIn("etag", created.headers)
        self.assertIn("ouro-context", created.headers)
        found = third.get("lisbon", bucket="cities")
        self.assertEqual(found.status, 200, found)
        self.assertEqual(found.body, value)
        self.assertEqual(found.headers["content-type"], "application/json")
        self.assertEqual(found.headers["etag"], created.headers["etag"])
        self.assertEqual(found.headers["x-content-type-options"], "nosniff")
        self.assertEqual(found.headers["cache-control"], "no-store")
        self.assertIn("last-modified", found.headers)

    def test_a_key_is_created_replaced_deleted_and_created_again(self):
        first, second, third = self.cluster.nodes
        self.assertEqual(first.put("life", b"1").status, 201)
        self.assertEqual(second.put("life", b"two").status, 204)
        head = third.head("life")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["content-length"], "3")
        self.assertEqual(first.delete("life").status, 204)
        gone = second.get("life")
        self.assert_problem(gone, 404, "not_found")
        self.assertIn("ouro-context", gone.headers)
        self.assertEqual(third.head("life").status, 404)
        self.assert_problem(first.delete("life"), 404, "not_found")
        again = third.put("life", b"3", Ouro_Context=gone.headers["ouro-context"])
        self.assertEqual(again.status, 201, again)
        self.assertEqual(first.get("life").body, b"3")

    def test_writes_that_did_not_see_each_other_become_siblings_and_are_merged(self):
        first, second, third = self.cluster.nodes
        created = first.put("both", b"0")
        self.assertEqual(created.status, 201, created)
        seen = created.headers["ouro-context"]
        self.assertEqual(first.put("both", b"left", Ouro_Context=seen).status, 204)
        right = second.put("both", b"right", Ouro_Context=seen)
        self.assertEqual(right.headers.get("ouro-siblings"), "2", right)
        found = third.get("both")
        self.assertEqual(found.status, 300, found)
        self.assertEqual({value["value"] for value in found.json()["values"]}, {"left", "right"})
        bytes_only = third.ask("GET", "/v1/kv/test/both",
                               headers={"Accept": "application/octet-stream"})
        self.assert_problem(bytes_only, 409, "siblings")
        merged = third.put("both", b"merged", Ouro_Context=found.json()["context"])
        self.assertEqual(merged.status, 204)
        self.assertEqual(first.get("both").body, b"merged")

    def test_a_client_that_has_the_value_is_told_so(self):
        node = self.cluster.nodes[0]
        tag = node.put("cached", b"x").headers["etag"]
        same = node.ask("GET", "/v1/kv/test/cached", headers={"If-None-Match": tag})
        self.assertEqual((same.status, same.body), (304, b""))
        self.assertEqual(node.get("cached").status, 200)

    def test_empty_and_binary_values_are_kept(self):
        first, _, third = self.cluster.nodes
        for value in (b"", bytes(range(256)) * 10):
            with self.subTest(size=len(value)):
                self.assertIn(first.put("bytes", value).status, (201, 204))
                self.assertEqual(third.get("bytes").body, value)

    def test_keys_may_have_slashes_and_any_bytes(self):
        first, _, third = self.cluster.nodes
        for key in ("a/b//c/", "%00%FF%2F", "caf%C3%A9", "x%2541"):
            with self.subTest(key=key):
                self.assertEqual(first.put(key, key.encode()).status, 201)
                self.assertEqual(third.get(key).body, key.encode())
        self.assertEqual(third.get("caf%c3%a9").body, b"caf%C3%A9")
        self.assertEqual(third.get("xA").status, 404)

    def test_values_up_to_8_mib_are_served(self):
        first, _, third = self.cluster.nodes
        for size in (MIB, 8 * MIB):
            with self.subTest(size=size):
                value = bytes(size // 16) + b"0123456789abcde" * (size // 16)
                self.assertIn(first.put("large", value).status, (201, 204))
                self.assertEqual(third.get("large").body, value)

    def test_quorums_may_be_chosen(self):
        first, _, third = self.cluster.nodes
        written = first.put("all", b"x", query="?w=3")
        self.assertEqual(written.headers["ouro-replicas"], "3/3")
        found = third.get("all", query="?consistency=all")
        self.assertEqual(found.headers["ouro-replicas"], "3/3")
        self.assertEqual(third.get("all", query="?r=1").body, b"x")

    def test_the_ring_says_where_a_key_lies(self):
        for node in self.cluster.nodes:
            place = node.ask("GET", "/v1/ring/locate/cities/lisbon").json()
            ring = node.ask("GET", "/v1/ring").json()
            self.assertEqual(ring["owners"][place["arc"]], place["primary"])
            self.assertEqual(sorted(place["preference_list"]), ["n1", "n2", "n3"])
            self.assertEqual(len(ring["owners"]), ring["arcs"])
            self.assertTrue(all(member["reachable"] for member in ring["nodes"]), ring["nodes"])
        members = self.cluster.nodes[0].ask("GET", "/v1/cluster").json()
        self.assertEqual([each["name"] for each in members["members"]], ["n1", "n2", "n3"])

    def test_nodes_say_that_they_live_and_serve(self):
        for node in self.cluster.nodes:
            self.assertEqual(node.ask("GET", "/livez").status, 200)
            self.assertEqual(node.ask("GET", "/readyz").status, 200)
            self.assertEqual(node.ask("GET", "/").json()["node"], node.name)


if __name__ == "__main__":
    cluster.main()
