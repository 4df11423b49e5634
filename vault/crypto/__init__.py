"""Bytes in, bytes out: every use of cryptography in Holdfast, and the only importer of its libraries.

Knows no Django, no database and no settings. ``FORMAT.md`` describes every byte these modules write.

- ``aad``: what a ciphertext is bound to, as bytes
- ``aead``: AES-256-GCM
- ``envelope``: one stored value under a data key of its own
- ``keyring``: the tenant keys of one scope and purpose
- ``rootkey``: wrapping tenant keys under a root key
- ``notes``: texts signed for who has the public key
- ``shares``: a root key as word lists for several people
- ``signing``: HMAC-SHA-256 and HKDF with purpose labels, Ed25519
- ``padding``: hiding how long a value is
- ``fingerprint``, ``secrecy``, ``errors``: naming keys, keeping them out of sight, saying what went wrong
"""
