from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('strangler_isolation', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='ownershiprecord',
            name='is_turning',
            field=models.BooleanField(default=False, help_text='a switch or reverse may come at any moment: from `verify` to `complete`'),
        ),
    ]
