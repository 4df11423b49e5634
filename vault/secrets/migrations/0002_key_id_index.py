from django.db import migrations

import vault.fields


class Migration(migrations.Migration):

    dependencies = [
        ('secrets', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='secretversion',
            index=vault.fields.KeyIdIndex('payload', name='secret_version_key_id'),
        ),
    ]
