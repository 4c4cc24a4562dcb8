"""Certificates and NKeys of one agency. Every agency is its own authority; there is no shared root.

TLS is the second factor between agencies and NKey the first: a server lets in only clients whose
certificate key is pinned *and* who sign its challenge with a known NKey (NATS does not tie the two).
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import nkeys
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from nacl.signing import SigningKey

_LIFETIME = timedelta(days=825)
_CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """A certificate with its private key, both PEM."""

    certificate: bytes
    key: bytes

    @property
    def pin(self) -> str:
        """Hex SHA-256 of the public key (SubjectPublicKeyInfo), as NATS `pinned_certs` wants it."""
        public = x509.load_pem_x509_certificate(self.certificate).public_key()
        spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(spki).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class UserKey:
    """A NATS user's NKey: `seed` (SU...) is the secret, `public` (U...) goes into the configuration."""

    seed: str
    public: str


class Authority:
    """The certificate authority of one agency, made anew; its private key is never written."""

    def __init__(self, agency: str) -> None:
        self._agency = agency
        self._key = generate_private_key(SECP256R1())
        self._name = _name(agency, "authority")
        usages = _key_usage(signs_certificates=True)
        self._certificate = self._sign(self._name, self._key, (x509.BasicConstraints(ca=True, path_length=0), usages))

    @property
    def certificate(self) -> bytes:
        """What others must trust, PEM."""
        return self._certificate.public_bytes(Encoding.PEM)

    def server(self, hostname: str) -> Credential:
        """For a server reached as `hostname` or on 127.0.0.1."""
        names = x509.SubjectAlternativeName([x509.DNSName(hostname), x509.IPAddress(ip_address("127.0.0.1"))])
        return self._issue(hostname, (names, _purpose(ExtendedKeyUsageOID.SERVER_AUTH)))

    def client(self, name: str) -> Credential:
        """For a program that dials servers."""
        return self._issue(name, (_purpose(ExtendedKeyUsageOID.CLIENT_AUTH),))

    def _issue(self, name: str, extensions: tuple[x509.ExtensionType, ...]) -> Credential:
        key = generate_private_key(SECP256R1())
        leaf = (x509.BasicConstraints(ca=False, path_length=None), _key_usage())
        certificate = self._sign(_name(self._agency, name), key, (*leaf, *extensions))
        return Credential(
            certificate=certificate.public_bytes(Encoding.PEM),
            key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    def _sign(
        self,
        subject: x509.Name,
        key: EllipticCurvePrivateKey,
        extensions: tuple[x509.ExtensionType, ...],
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(subject_name=subject, issuer_name=self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(now + _LIFETIME)
        )
        identifiers = (
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
        )
        for extension in (*extensions, *identifiers):
            critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._key, SHA256())


def new_user_key() -> UserKey:
    """A fresh NATS user NKey."""
    key = SigningKey.generate()
    seed = nkeys.encode_seed(bytes(key), nkeys.PREFIX_BYTE_USER)
    pair = nkeys.from_seed(bytearray(seed))
    return UserKey(seed=seed.decode(), public=pair.public_key.decode())


def _name(agency: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, agency),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _purpose(usage: x509.ObjectIdentifier) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([usage])


def _key_usage(*, signs_certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
