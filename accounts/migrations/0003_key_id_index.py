from django.db import migrations

import vault.fields


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_keyed_hash_fields'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='totpdevice',
            index=vault.fields.KeyIdIndex('key', name='authenticator_key_id'),
        ),
    ]
